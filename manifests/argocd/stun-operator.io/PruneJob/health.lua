-- Argo CD runs this without the string library; only plain Lua and `table` are safe.
local health = {status = "Progressing", message = "Waiting for stun-operator to look at this PruneJob"}

if obj.status == nil or obj.status.conditions == nil then
  return health
end

-- Before anything else: what the status says may be about a spec that Git has replaced since.
local observed = obj.status.observedGeneration
if obj.metadata.generation ~= nil and (observed == nil or observed < obj.metadata.generation) then
  health.message = "Waiting for stun-operator to look at the changed spec"
  return health
end

local holds = {}
for _, condition in ipairs(obj.status.conditions) do
  if condition.status == "True" then
    holds[condition.type] = condition
  end
end

-- Terminal conditions first: a finished PruneJob stays finished, also when somebody suspends it afterwards.
for _, case in ipairs({{"Failed", "Degraded"}, {"Complete", "Healthy"}, {"Suspended", "Suspended"}}) do
  local condition = holds[case[1]]
  if condition ~= nil then
    health.status = case[2]
    health.message = condition.message or condition.reason or case[1]
    return health
  end
end

health.message = obj.status.phase or "Pending"
local progress = obj.status.progress
if obj.status.phase == "Pruning" and progress ~= nil and progress.percent ~= nil then
  health.message = health.message .. " " .. progress.percent .. "%"
end
return health
