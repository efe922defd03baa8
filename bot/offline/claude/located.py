"""YAML or JSON text as plain data, with the line of each value."""

import json
from collections.abc import Mapping
from typing import Any

import yaml

Place = tuple[int | str, ...]
Lines = Mapping[Place, int]
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_MERGE = "tag:yaml.org,2002:merge"


def parse(text: str, *, json_syntax: bool = False) -> tuple[Any, Lines]:
    """(data, line of every path in it, from 1). Dates stay text: a session goes out as JSON.

    JSON has no lines. Raises `ValueError`, its text beginning with the line, for wrong syntax or a key written twice.
    """
    if json_syntax:
        try:
            return json.loads(text), {}
        except json.JSONDecodeError as error:
            raise ValueError(f"line {error.lineno}: {error.msg}") from error
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        lines: dict[Place, int] = {}
        return (None, lines) if node is None else (_data(loader, node, (), lines), lines)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ValueError(f"line {line}: {error.problem}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"line 1: {type(error).__name__}") from error
    finally:
        loader.dispose()


def _data(loader: yaml.SafeLoader, node: yaml.Node, path: Place, lines: dict[Place, int]) -> Any:
    lines[path] = node.start_mark.line + 1
    match node:
        case yaml.SequenceNode():
            return [_data(loader, item, (*path, index), lines) for index, item in enumerate(node.value)]
        case yaml.MappingNode():
            return _mapping(loader, node, path, lines)
        case _ if node.tag == _TIMESTAMP:
            return node.value
        case _:
            return loader.construct_object(node)


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode, path: Place, lines: dict[Place, int]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key_node, value in node.value:
        line = key_node.start_mark.line + 1
        if key_node.tag == _MERGE:
            raise ValueError(f"line {line}: `<<` is not taken; write the keys out")
        key = str(key_node.value)
        if key in data:
            raise ValueError(f"line {line}: the key `{key}` is written twice")
        data[key] = _data(loader, value, (*path, key), lines)
        lines[(*path, key)] = line
    return data
