# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Whether Python has modules, without loading them: an emulated machine takes ten
# seconds for jsonschema.

# has_python MODULE...
has_python()
{
	python3 -c 'import sys
from importlib.util import find_spec
sys.exit(not all(find_spec(name) for name in sys.argv[1:]))' "$@" 2>/dev/null
}
