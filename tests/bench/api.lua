-- wrk script: asks for the paths of a file one after the other, each thread from a place of its own.
--   wrk … -s api.lua URL -- PATHS
-- Prints one line "BENCH {json}" at the end; latencies in microseconds.
local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

function init(args)
    prepared = {}
    for path in io.lines(args[1]) do
        prepared[#prepared + 1] = wrk.format("GET", path)
    end
    at = math.floor(#prepared * number / 2) % #prepared -- of two threads, one starts in the middle
end

function request()
    at = at % #prepared + 1
    return prepared[at]
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        'BENCH {"requests":%d,"microseconds":%d,"bytes":%d,"p50":%d,"p99":%d,"max":%d,"bad_status":%d,"failed":%d}\n',
        summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99), latency.max,
        errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
