-- Runs one health.lua as Argo CD runs a script of its ConfigMap: without the string library, string methods, io or os.
-- Usage: lua5.1 closed.lua HEALTH.LUA OBJECT.LUA, where OBJECT.LUA returns the object. Prints the status, then the message.
local read, write, script = dofile, io.write, assert(loadfile(arg[1]))
local object = read(arg[2])

-- Emptying the globals is not enough: ("x"):find reaches the library by the metatable of all strings.
getmetatable("").__index = nil
local base = {"assert", "error", "ipairs", "next", "pairs", "pcall", "select", "table", "tonumber", "tostring", "type", "unpack"}
local open = {obj = object}
for _, name in ipairs(base) do
  open[name] = _G[name]
end

local health = setfenv(script, open)()
write(health.status, "\n", health.message)
