#!/usr/bin/env python3
"""check_ocsf.py < EVENTS: checks each line against the schema of the version that it names, and of the newest one.

Needs `ocsf-json-schema`, which carries the published schemas, and `jsonschema` (both PyPI). Ends with 77 without them.
"""
import json
import sys

try:
    from jsonschema import Draft202012Validator
    from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema, get_packaged_versions
except ImportError as error:
    sys.exit(print(f"skipped: {error}; pip install ocsf-json-schema jsonschema") or 77)

newest = max((v for v in get_packaged_versions() if "-" not in v), key=lambda v: [int(n) for n in v.split(".")])
validators = {}


def validator(version, event):
    of = (version, event["class_uid"], tuple(event["metadata"].get("profiles", [])))
    if of not in validators:
        schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version))
        name = schema.lookup_class_name_from_uid(of[1])
        validators[of] = Draft202012Validator(schema.get_class_schema(name, list(of[2])))
    return validators[of]


count = wrong = 0
for line in sys.stdin:
    event = json.loads(line)
    count += 1
    stated = event["metadata"]["version"]
    for version in sorted({stated, newest}):
        # A newer schema names itself; nothing else of the event may have to change.
        event["metadata"]["version"] = version
        for error in validator(version, event).iter_errors(event):
            wrong += 1
            print(f"event {count}, {version}, {list(error.path)}: {error.message[:300]}")
print(f"{count} events, {wrong} wrong, by the schemas of {newest} and of their own version")
sys.exit(1 if wrong or not count else 0)
