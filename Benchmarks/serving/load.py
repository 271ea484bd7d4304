# SPDX-License-Identifier: Apache-2.0
"""A load of prepared requests in rotation, made by wrk: as fast as the answers come, on so many connections."""
import pathlib
import subprocess

import processes

SCRIPT = """
local requests, turn = {}, 0
init = function(arguments)
  for index = 1, COUNT do
    local file = io.open(string.format("FOLDER/%d.body", index), "rb")
    requests[index] = wrk.format("POST", "PATH", {HEADERS}, file:read("*a"))
    file:close()
  end
  turn = math.random(COUNT)
end
request = function()
  turn = turn % COUNT + 1
  return requests[turn]
end
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


def prepare(folder, path, bodies):
    """Writes the script that sends the bodies, which are pairs of bytes and headers; gives its path."""
    folder = pathlib.Path(folder)
    folder.mkdir()
    headers = ", ".join(f"['{name}'] = '{value}'" for name, value in bodies[0][1].items())
    if any(other[1] != bodies[0][1] for other in bodies):
        raise ValueError("one load has one set of headers")
    for index, (body, _) in enumerate(bodies, 1):
        (folder / f"{index}.body").write_bytes(body)
    script = folder / "load.lua"
    script.write_text(SCRIPT.replace("COUNT", str(len(bodies))).replace("FOLDER", str(folder))
                      .replace("PATH", path).replace("HEADERS", headers))
    return script


def drive(server, script, connections, seconds):
    """CPU microseconds a request of the server's whole tree, requests a second, wrk's p50 and p99 in microseconds.

    One error ends the benchmark: a server that refuses is fast.
    """
    before = processes.cpu_seconds(server.pid)
    run = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(script), server.url],
        capture_output=True, text=True, check=True)
    used = processes.cpu_seconds(server.pid) - before
    requests, duration, errors, p50, p99 = map(int, run.stdout.split("RESULT ")[1].split())
    if errors or not requests:
        raise SystemExit(f"{server.name}: {requests} requests, {errors} errors:\n{run.stdout}")
    return {"requests": requests, "cpu_us": used / requests * 1e6, "per_second": requests / duration * 1e6,
            "p50_us": p50, "p99_us": p99}
