# SPDX-License-Identifier: Apache-2.0
"""The servers that are measured, each on loopback, on a free port, with its files in a temporary folder."""
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
from dataclasses import dataclass, field

import processes
from inputs import EXAMPLE, ROOT

HERE = pathlib.Path(__file__).resolve().parent
START_LIMIT_S = 120
ANSWER_LIMIT_S = 300


@dataclass
class Server:
    name: str
    process: subprocess.Popen
    url: str
    start_seconds: float
    environment: dict = field(default_factory=dict)

    @property
    def pid(self):
        return self.process.pid


def ask(url, path, body=None, headers={}, method=None):
    """Status and content of one answer, over a connection of its own."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=ANSWER_LIMIT_S)
    with contextlib.closing(connection):
        connection.request(method or ("GET" if body is None else "POST"), path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def must_ask(*arguments, **named):
    status, content = ask(*arguments, **named)
    if status not in (200, 201, 204):
        raise SystemExit(f"{arguments[1]}: {status} {content[:500].decode(errors='replace')}")
    return content


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(process, url, path, log):
    """Until the path answers 200, or without one until the port takes a connection; ends the benchmark with the
    server's last words when it does not."""
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if path is None:
                socket.create_connection(urllib.parse.urlsplit(url).netloc.split(":")).close()
                return
            if ask(url, path)[0] == 200:
                return
        time.sleep(0.01)
    raise SystemExit(f"{path} never answered; the server said:\n{pathlib.Path(log).read_text()[-2000:]}")


def start(stack, name, command, folder, path, port, environment={}):
    """Starts a command that will listen on the port, and waits until it answers. Leaving the stack ends it."""
    log, began = pathlib.Path(folder, f"{name.replace(' ', '-')}.log"), time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=os.environ | environment)
    stack.callback(processes.stop, process)
    url = f"http://127.0.0.1:{port}"
    wait_for(process, url, path, log)
    return Server(name, process, url, time.perf_counter() - began)


# MARK: Slipway


def slipway(stack, binary, data, *arguments, **variables):
    """Slipway on a data folder. Leaving the stack ends it, and the benchmark too if it does not end well."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SLIPWAY_")}
    environment |= {"HOME": str(data), "SLIPWAY_DATA": str(data), **variables}
    if "SLIPWAY_ONNXRUNTIME" in os.environ:
        environment["SLIPWAY_ONNXRUNTIME"] = os.environ["SLIPWAY_ONNXRUNTIME"]
    os.makedirs(data, exist_ok=True)
    began = time.perf_counter()
    process = subprocess.Popen(
        [binary, "serve", "--port", "0", *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    stack.callback(end_well, process)
    for line in process.stdout:
        if line.startswith("listening on "):
            url = line.split()[2].rstrip(",")
            environment |= {"SLIPWAY_URL": url, "SLIPWAY_TOKEN": pathlib.Path(data, "token").read_text().strip()}
            return Server("Slipway", process, url, time.perf_counter() - began, environment)
    raise SystemExit("the server did not start; run `slipway doctor`")


def end_well(process):
    status = process.returncode if process.poll() is not None else processes.stop(process)
    if status != 0:
        raise SystemExit(f"slipway serve ended with {status}")


def command(server, *arguments):
    """Runs a command of the binary that runs the server, against it."""
    done = subprocess.run(
        [server.process.args[0], *map(str, arguments)], env=server.environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"slipway {' '.join(map(str, arguments))}: {done.stdout}{done.stderr}")


def api(server, path, body=None, method=None):
    """What the server's own API answers, with the token."""
    headers = {"Authorization": f"Bearer {server.environment['SLIPWAY_TOKEN']}", "Content-Type": "application/json"}
    content = must_ask(server.url, path, None if body is None else json.dumps(body), headers, method)
    return json.loads(content) if content else None


# MARK: The others


def fastapi(stack, flavour, folder, model=EXAMPLE / "model.onnx"):
    port = free_port()
    command = [
        sys.executable, "-m", "uvicorn", f"fastapi_app:{flavour}", "--app-dir", str(HERE), "--host", "127.0.0.1",
        "--port", str(port), "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    environment = {"BENCH_MODEL": str(model)}
    return start(stack, f"FastAPI {flavour}", command, folder, "/openapi.json", port, environment)


def mlserver(stack, workers, folder, models, implementation="mlserver_model.OnnxModel", python=sys.executable):
    """MLServer with models by name, and so many worker processes; its default is 1. And the port of its gRPC."""
    port, grpc, home = free_port(), free_port(), pathlib.Path(folder, f"mlserver-{workers}")
    home.mkdir()
    settings = {
        "debug": False, "host": "127.0.0.1", "http_port": port, "grpc_port": grpc, "metrics_port": free_port(),
        "parallel_workers": workers, "environments_dir": str(home / "environments"),
        "metrics_dir": str(home / "metrics")}
    (home / "metrics").mkdir()
    (home / "settings.json").write_text(json.dumps(settings))
    for name, model in models.items():
        (home / name).mkdir()
        (home / name / "model-settings.json").write_text(mlserver_settings(name, model, implementation))
    command = [str(pathlib.Path(python).with_name("mlserver")), "start", str(home)]
    server = start(stack, f"MLServer {workers}", command, folder, f"/v2/models/{list(models)[-1]}/ready", port,
                   {"PYTHONPATH": str(HERE), "PROMETHEUS_MULTIPROC_DIR": str(home / "metrics")})
    return server, grpc


def mlserver_settings(name, model, implementation="mlserver_model.OnnxModel"):
    return json.dumps({"name": name, "implementation": implementation, "parameters": {"uri": str(model)}})


def nginx(stack, folder, answer):
    """nginx with a fixed answer to every POST: what HTTP alone costs. None where there is no nginx."""
    here = ROOT / ".tools/nginx/usr/sbin/nginx"
    program = str(here) if here.exists() else shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        return None
    port, home = free_port(), pathlib.Path(folder, "nginx")
    home.mkdir()
    (home / "nginx.conf").write_text(f"""
        daemon off; pid nginx.pid; error_log stderr; worker_processes auto;
        events {{ worker_connections 1024; }}
        http {{
            access_log off; default_type application/json; keepalive_requests 1000000000;
            client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
            scgi_temp_path scgi;
            server {{ listen 127.0.0.1:{port}; location / {{ return 200 '{answer}'; }} }}
        }}""")
    command = [program, "-p", str(home), "-c", str(home / "nginx.conf"), "-e", "stderr"]
    return start(stack, "nginx", command, folder, "/", port)
