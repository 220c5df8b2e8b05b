"""Calls the PEP 517 hooks of a back end: argv is its module and the folder for what it builds."""

import importlib
import os
import sys

# setuptools puts arguments of its own into sys.argv.
module, output = sys.argv[1], os.path.abspath(sys.argv[2])
sys.path.insert(0, os.getcwd())
back_end = importlib.import_module(module)
for build in (back_end.build_sdist, back_end.build_wheel):
    print(build(output))
