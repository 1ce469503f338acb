-- Runs one script as Argo CD runs those of its ConfigMap: without the string library, string methods, io or os.
-- Usage: lua5.1 closed.lua SCRIPT.LUA OBJECT.LUA, where OBJECT.LUA returns the object. Prints what the script returns as JSON.
local read, write, script = dofile, io.write, assert(loadfile(arg[1]))
local gsub, format, byte = string.gsub, string.format, string.byte
local object = read(arg[2])

-- Emptying the globals is not enough: ("x"):find reaches the library by the metatable of all strings.
getmetatable("").__index = nil
local base = {"assert", "error", "ipairs", "next", "pairs", "pcall", "select", "table", "tonumber", "tostring", "type", "unpack"}
local open = {obj = object}
for _, name in ipairs(base) do
  open[name] = _G[name]
end

local function quoted(text)
  return '"' .. gsub(text, '[%c"\\]', function(sign) return format("\\u%04x", byte(sign)) end) .. '"'
end

local function json(value)
  if type(value) == "string" then return quoted(value) end
  if type(value) ~= "table" then return tostring(value) end
  local items = {}
  for key, item in pairs(value) do
    items[#items + 1] = #value > 0 and json(value[#items + 1]) or quoted(key) .. ":" .. json(item)
  end
  local inside = table.concat(items, ",")
  return #value > 0 and "[" .. inside .. "]" or "{" .. inside .. "}"
end

local result = setfenv(script, open)()
write(json(result))
