-- Argo CD's own check (3.1) counts every condition that is False, and KServe v0.20 has one on every service that runs: Stopped. With it no
-- InferenceService is ever Healthy. Runs without the string library.
local health = {status = "Progressing", message = "Waiting for KServe to look at this InferenceService"}

if obj.status == nil or obj.status.conditions == nil then
  return health
end

local model = obj.status.modelStatus or {}
if model.transitionStatus == "BlockedByFailedLoad" or model.transitionStatus == "InvalidSpec" then
  local failure = model.lastFailureInfo or {}
  health.status = "Degraded"
  health.message = model.transitionStatus .. ": " .. (failure.message or failure.reason or "the model was not loaded")
  return health
end

local conditions = {}
for _, condition in ipairs(obj.status.conditions) do
  conditions[condition.type] = condition
end

local ready = conditions.Ready or {}
if conditions.Stopped ~= nil and conditions.Stopped.status == "True" then
  health.status = "Suspended"
  health.message = "The service is stopped"
elseif model.transitionStatus == "InProgress" then
  -- Before Ready, which stays True while the old pods serve.
  health.message = "The model is loading"
elseif ready.status == "True" then
  health.status = "Healthy"
  health.message = "The service is ready"
else
  health.message = ready.message or ready.reason or "Not ready"
end
return health
