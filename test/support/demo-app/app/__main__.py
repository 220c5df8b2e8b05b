import argparse

from app.server import serve

arguments = argparse.ArgumentParser(prog="app")
arguments.add_argument("--port", type=int, required=True)
arguments.add_argument("--owner", type=int, help="end when this process is gone")
options = arguments.parse_args()
serve(options.port, options.owner)
