-- Argo CD has no check for this kind. Written after the conditions of KServe v0.20; runs without the string library.
local health = {status = "Progressing", message = "Waiting for KServe to look at this LLMInferenceService"}

if obj.status == nil or obj.status.conditions == nil then
  return health
end

local observed = obj.status.observedGeneration
if observed ~= nil and obj.metadata.generation ~= nil and observed < obj.metadata.generation then
  health.message = "Waiting for KServe to look at the changed spec"
  return health
end

-- What no waiting mends. A pod that is not available yet is False as well, and so is what KServe tries again.
local broken = {ConfigNotFound = true, CombineBaseError = true, RefsInvalid = true, ScalingCRDNotFound = true, ProgressDeadlineExceeded = true}
local ready = nil
for _, condition in ipairs(obj.status.conditions) do
  if condition.status == "False" and broken[condition.reason] then
    health.status = "Degraded"
    health.message = condition.type .. ": " .. (condition.message or condition.reason)
    return health
  end
  if condition.type == "Ready" then
    ready = condition
  end
end

if ready == nil then
  return health
end
health.message = ready.message or ready.reason or "Not ready"
if ready.status == "True" then
  health.status = "Healthy"
  health.message = "The service is ready"
elseif ready.reason == "Stopped" then
  health.status = "Suspended"
end
return health
