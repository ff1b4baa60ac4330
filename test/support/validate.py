"""Holds JSON documents against a JSON Schema, and prints a line for each thing that is wrong.

    validate.py DIRECTORY SCHEMA DOCUMENT...

SCHEMA is a file below DIRECTORY. Schemas refer to each other by their "$id"; all below DIRECTORY are known.
"""

import json
import pathlib
import sys
import warnings

warnings.simplefilter("ignore")  # newer releases have another way to know schemas, older ones only this
import jsonschema  # noqa: E402


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


directory = pathlib.Path(sys.argv[1])
known = {schema["$id"]: schema for schema in map(load, directory.rglob("*.schema.json"))}
for one in known.values():
    jsonschema.Draft202012Validator.check_schema(one)
schema = load(directory / sys.argv[2])
validator = jsonschema.Draft202012Validator(schema, resolver=jsonschema.RefResolver(schema["$id"], schema, store=known))
for number, path in enumerate(sys.argv[3:]):
    for error in validator.iter_errors(load(path)):
        # Of what may be one of several, the one that comes nearest.
        error = jsonschema.exceptions.best_match([error])
        place = ".".join(str(key) for key in error.absolute_path) or "the whole"
        print(f"document {number}: {place}: {error.message[:300]}")
