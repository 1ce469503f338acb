-- Argo CD runs this without the string library; only plain Lua and `table` are safe.
local over, failed = false, false
if obj.status ~= nil and obj.status.conditions ~= nil then
  for _, condition in ipairs(obj.status.conditions) do
    if condition.status == "True" and (condition.type == "Complete" or condition.type == "Failed") then
      over = true
      failed = condition.type == "Failed"
    end
  end
end

local suspended = obj.spec.suspend == true
return {
  ["suspend"] = {["disabled"] = over or suspended},
  ["resume"] = {["disabled"] = over or not suspended},
  ["retry"] = {["disabled"] = not failed},
}
