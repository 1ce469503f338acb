-- A finished PruneJob never runs again, so this makes another one with the same spec. Its name is not made of the time: a second click
-- finds it there instead of taking a second GPU.
local labels = {}
for key, value in pairs(obj.metadata.labels or {}) do
  -- By it, or by the annotations, which are all left behind, the Application would take the new one for its own and prune it.
  if key ~= "app.kubernetes.io/instance" and key ~= "argocd.argoproj.io/instance" then
    labels[key] = value
  end
end

local spec = obj.spec
spec.suspend = nil
if spec.serving ~= nil then
  spec.serving.rollbackRequested = nil
end

local again = {
  apiVersion = obj.apiVersion,
  kind = obj.kind,
  metadata = {name = obj.metadata.name .. "-retry", namespace = obj.metadata.namespace},
  spec = spec,
}
if next(labels) ~= nil then
  again.metadata.labels = labels
end
return {{operation = "create", resource = again}}
