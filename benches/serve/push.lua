-- What wrk sends, and what it says at the end: one line of JSON, times in microseconds.
-- Arguments: the app; who it is for (`clients` or `tokens`); whether each request has an Idempotency-Key (`keyed`); a
-- file with the tokens, three a line, one line a customer.

local requests = {}
local at = 0
local keyed
local run = os.time()

local function body(app, who, customer, tokens)
  local audience = who == "clients" and ('"clientIds":["%d"]'):format(customer)
    or ('"tokens":["%s"]'):format(table.concat(tokens, '","'))
  return ('{"app":"%s",%s,"aps":{"alert":{"title":"Front door","body":"Somebody is at the door."},'
    .. '"sound":"doorbell.caf"},"custom":{"door":"a41"}}'):format(app, audience)
end

function init(args)
  local app, who, how, file = unpack(args)
  keyed = how == "keyed"
  local customer = 0
  for line in io.lines(file) do
    customer = customer + 1
    local tokens = {}
    for token in line:gmatch("%x+") do tokens[#tokens + 1] = token end
    requests[customer] = body(app, who, customer, tokens)
    if not keyed then requests[customer] = wrk.format("POST", nil, headers(), requests[customer]) end
  end
end

function headers()
  return { ["content-type"] = "application/json", ["idempotency-key"] = keyed and ("%d-%d"):format(run, at) or nil }
end

function request()
  at = at + 1
  local next = requests[at % #requests + 1]
  return keyed and wrk.format("POST", nil, headers(), next) or next
end

function done(summary, latency)
  local errors = summary.errors
  io.write(('{"requests":%d,"microseconds":%d,"failed":%d,"p50":%d,"p99":%d,"longest":%d}\n'):format(
    summary.requests, summary.duration, errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99), latency.max))
end
