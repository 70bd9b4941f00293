#!/usr/bin/env python3
"""Validates a recording of `standalone sandbox --record FILE` against the service models that botocore ships.

    python3 scripts/conformance/models.py recording.jsonl

Requests: every member is known, every required one is there, and types, patterns, lengths, ranges and enums fit. Answers: the
same, element by element as they were on the wire, and botocore's own parser reads them. Errors: the code is one that the operation
or all operations of the service may answer. Members that are newer than the botocore at hand come from the overlay that the
sandbox's own models are generated with.
"""

import collections
import json
import os
import re
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree

try:
    import botocore.loaders
    import botocore.model
    import botocore.parsers
except ImportError:
    print("models: skipped, botocore is not installed")
    sys.exit(0)

HERE = os.path.dirname(os.path.abspath(__file__))
OVERLAY = os.path.join(HERE, "..", "..", "sandbox", "internal", "aws", "model", "generate", "overlay.json")
NAMES = {"sso": "sso-admin", "servicequotas": "service-quotas"}

# Errors that any operation of a service may answer (the "Common errors" pages), besides those in its model.
COMMON = {
    "AccessDeniedException", "UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException", "ThrottlingException",
    "ValidationException", "SerializationException", "UnknownOperationException", "MissingAuthenticationTokenException", "InternalFailure",
    "ServiceUnavailable", "InternalServerException",
}
COMMON_QUERY = {
    "AccessDenied", "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken", "Throttling", "ValidationError", "InvalidAction",
    "MalformedQueryString", "InternalFailure", "ServiceFailure", "InvalidInput",
}


# Where the real service is known to answer otherwise than its model says: the AWS CLI reference shows "available".
OTHER_CASE = {("ec2", "State")}


def merge(there, patch):
    for name, value in patch.items():
        if isinstance(value, dict) and isinstance(there.get(name), dict):
            merge(there[name], value)
        else:
            there[name] = value


class Models:
    def __init__(self):
        self.loader, self.models = botocore.loaders.Loader(), {}
        with open(OVERLAY) as file:
            self.overlay = json.load(file)

    def of(self, service):
        if service not in self.models:
            description = self.loader.load_service_model(NAMES.get(service, service), "service-2")
            for operation, patch in self.overlay.get(service, {}).get("operations", {}).items():
                patch.setdefault("name", operation)
                patch.setdefault("http", {"method": "POST", "requestUri": "/"})
            merge(description, self.overlay.get(service, {}))
            self.models[service] = botocore.model.ServiceModel(description, service)
        return self.models[service]


class Checker:
    """Walks a value along its shape."""

    def __init__(self, service):
        self.service, self.problems = service, []

    def problem(self, path, text):
        self.problems.append(f"{path or '(top)'}: {text}")

    def bounds(self, path, shape, size):
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if low is not None and size < low:
            self.problem(path, f"{size} is below the minimum {low} of {shape.name}")
        if high is not None and size > high:
            self.problem(path, f"{size} is above the maximum {high} of {shape.name}")

    def value(self, path, shape, value):
        kind = shape.type_name
        if kind == "structure":
            self.structure(path, shape, value)
        elif kind == "list":
            if not isinstance(value, list):
                return self.problem(path, "is no list")
            self.bounds(path, shape, len(value))
            for i, item in enumerate(value):
                self.value(f"{path}[{i}]", shape.member, item)
        elif kind == "map":
            if not isinstance(value, dict):
                return self.problem(path, "is no map")
            self.bounds(path, shape, len(value))
            for key, item in value.items():
                self.value(f"{path}.{key}", shape.value, item)
        elif kind in ("string", "blob"):
            if not isinstance(value, str):
                return self.problem(path, f"is no string but {value!r}")
            if kind == "string":
                self.text(path, shape, value)
        elif kind == "boolean":
            if not isinstance(value, bool):
                self.problem(path, f"is no boolean but {value!r}")
        elif kind == "timestamp":
            if isinstance(value, bool) or not isinstance(value, (int, float)) and not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", str(value)):
                self.problem(path, f"is no time but {value!r}")
        elif isinstance(value, bool) or not isinstance(value, (int, float)):
            self.problem(path, f"is no number but {value!r}")
        else:
            self.bounds(path, shape, value)

    def structure(self, path, shape, value):
        if getattr(shape, "is_document_type", False):
            return
        if not isinstance(value, dict):
            return self.problem(path, "is no structure")
        for name, item in value.items():
            if name not in shape.members:
                self.problem(path, f"has the unknown member {name}")
            elif item is None:
                self.problem(path, f"member {name} is null")
            else:
                self.value(f"{path}.{name}".lstrip("."), shape.members[name], item)
        for name in shape.required_members:
            if name not in value:
                self.problem(path, f"lacks the required member {name}")
        if getattr(shape, "is_tagged_union", False) and len(value) != 1:
            self.problem(path, f"is a union with {len(value)} members")

    def text(self, path, shape, value):
        self.bounds(path, shape, len(value))
        if (self.service, shape.name) in OTHER_CASE:
            value = value.title()
        if shape.enum and value not in shape.enum:
            self.problem(path, f"{value!r} is none of {shape.enum[:8]}")
        pattern = shape.metadata.get("pattern")
        if pattern:
            if r"\p{" in pattern:
                return  # classes over all of Unicode, which Python doesn't know
            try:
                fits = re.fullmatch(pattern, value)
            except re.error:
                return
            if not fits:
                self.problem(path, f"{value!r} does not match {pattern}")


def form_value(shape, at, form, protocol):
    """The tree of a form, as botocore's serializers flatten it; None when there is nothing."""
    kind = shape.type_name
    below = [name for name in form if name == at or name.startswith(at + ".")] if at else list(form)
    if not below:
        return None
    if kind == "structure":
        tree = {}
        for name, member in shape.members.items():
            wire = name
            if protocol == "ec2":
                wire = member.serialization.get("queryName") or (member.serialization.get("name", name)[:1].upper() + member.serialization.get("name", name)[1:])
            elif member.serialization.get("name"):
                wire = member.serialization["name"]
            value = form_value(member, f"{at}.{wire}" if at else wire, form, protocol)
            if value is not None:
                tree[name] = value
        return tree
    if kind == "list":
        if protocol == "query" and not shape.serialization.get("flattened"):
            at += ".member"
        items, i = [], 1
        while any(name == f"{at}.{i}" or name.startswith(f"{at}.{i}.") for name in form):
            items.append(form_value(shape.member, f"{at}.{i}", form, protocol))
            i += 1
        return items
    form_value.used.add(at)
    text = form[at]
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if kind in ("integer", "long", "float", "double"):
        return float(text)
    return text


def element_value(shape, element, problems, path=""):
    """The tree of an XML element; unknown elements are problems."""
    kind = shape.type_name
    if kind == "structure":
        members, tree = {}, {}
        for name, member in shape.members.items():
            members[member.serialization.get("name", name)] = (name, member)
        for child in element:
            tag = child.tag.split("}")[-1]
            if tag not in members:
                problems.append(f"{path or '(top)'}: has the unknown element {tag}")
                continue
            name, member = members[tag]
            tree[name] = element_value(member, child, problems, f"{path}.{name}".lstrip("."))
        return tree
    if kind == "list":
        expected = shape.member.serialization.get("name", "member")
        for child in element:
            if child.tag.split("}")[-1] != expected:
                problems.append(f"{path}: an element of the list is called {child.tag} instead of {expected}")
        return [element_value(shape.member, child, problems, f"{path}[{i}]") for i, child in enumerate(element)]
    text = element.text or ""
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if kind in ("integer", "long", "float", "double"):
        try:
            return float(text)
        except ValueError:
            return text
    return text


def operation_of(model, exchange):
    if model.metadata["protocol"] == "json":
        return exchange.get("target", "").split(".")[-1], None
    form = dict(urllib.parse.parse_qsl(exchange["request"], keep_blank_values=True))
    return form.get("Action", ""), form


def check_request(model, operation, exchange, form):
    shape, protocol = operation.input_shape, model.metadata["protocol"]
    checker = Checker(model.service_name)
    if protocol == "json":
        tree = json.loads(exchange["request"] or "{}")
    else:
        form_value.used = {"Action", "Version"}
        tree = form_value(shape, "", form, protocol) if shape else {}
        for name in set(form) - form_value.used:
            if name not in form_value.used and form[name] != "":
                checker.problem(name, "is an unknown parameter")
    if shape:
        checker.value("", shape, tree or {})
    return checker.problems


def check_answer(model, operation, exchange):
    shape, protocol = operation.output_shape, model.metadata["protocol"]
    answer = {"body": exchange["answer"].encode(), "status_code": exchange["status"], "headers": {}}
    parsed = botocore.parsers.create_parser(protocol).parse(answer, shape)
    parsed.pop("ResponseMetadata", None)
    checker = Checker(model.service_name)
    if protocol == "json":
        tree = json.loads(exchange["answer"] or "{}")
        if shape:
            checker.value("", shape, tree)
        elif tree:
            checker.problem("", f"has an answer that the model has not: {list(tree)}")
    else:
        root = ElementTree.fromstring(exchange["answer"])
        wrapper = (operation.output_shape.serialization.get("resultWrapper") if shape else None) or operation.name + "Result"
        result = root
        if protocol == "query":
            result = next((child for child in root if child.tag.split("}")[-1] == wrapper), None)
        else:
            for child in [c for c in root if c.tag.split("}")[-1] in ("requestId",) or (c.tag.split("}")[-1] == "return" and not (shape and "Return" in shape.members))]:
                root.remove(child)
        if shape and result is not None:
            tree = element_value(shape, result, checker.problems)
            checker.value("", shape, tree)
        elif shape:
            checker.problem("", "has no result")
        if root.tag.split("}")[0].lstrip("{") != model.metadata.get("xmlNamespace", root.tag.split("}")[0].lstrip("{")):
            checker.problem("", f"is in the namespace {root.tag}")
    return checker.problems


def check_error(model, operation, exchange):
    protocol, problems = model.metadata["protocol"], []
    parsed = botocore.parsers.create_parser(protocol).parse(
        {"body": exchange["answer"].encode(), "status_code": exchange["status"], "headers": {}}, operation.output_shape if operation else None)
    code, message = parsed["Error"]["Code"], parsed["Error"].get("Message")
    if not code or not message:
        return [f"an error without code or message: {exchange['answer'][:200]}"]
    if protocol == "ec2":
        return problems  # EC2's model has no errors
    modelled = {}
    for shape in (operation.error_shapes if operation else []):
        modelled[shape.metadata.get("error", {}).get("code", shape.name)] = shape
    common = COMMON if protocol == "json" else COMMON_QUERY
    if code not in modelled and code not in common:
        problems.append(f"the error {code} is none of this operation: {sorted(modelled)}")
    if code in modelled:
        status = modelled[code].metadata.get("error", {}).get("httpStatusCode")
        if protocol == "query" and status and status != exchange["status"]:
            problems.append(f"the error {code} has the status {exchange['status']} instead of {status}")
        if protocol == "json":
            checker = Checker(model.service_name)
            body = json.loads(exchange["answer"])
            body.pop("__type", None)
            if "Message" in body and "message" in modelled[code].members or "message" in body and "Message" in modelled[code].members:
                checker.problem("", "the message is spelled otherwise in the model")
            known = {k: v for k, v in body.items() if k.lower() != "message"}
            checker.structure("", modelled[code], {**known, **{n: message for n in modelled[code].members if n.lower() == "message"}})
            problems += checker.problems
    return problems


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    models, counts, findings, unknown = Models(), collections.Counter(), collections.Counter(), collections.Counter()
    total = errors = 0
    for path in sys.argv[1:]:
        with open(path) as lines:
            for line in lines:
                exchange = json.loads(line)
                total += 1
                try:
                    model = models.of(exchange["service"])
                except Exception:
                    unknown[exchange["service"] or "(unsigned)"] += 1
                    continue
                name, form = operation_of(model, exchange)
                counts[f"{exchange['service']}:{name}"] += 1
                if exchange["status"] >= 300:
                    errors += 1
                    operation = model.operation_model(name) if name in model.operation_names else None
                    problems = check_error(model, operation, exchange)
                else:
                    operation = model.operation_model(name)
                    # A request that was refused may break the model: that is what refusals are for.
                    problems = ["request " + p for p in check_request(model, operation, exchange, form)]
                    problems += ["answer " + p for p in check_answer(model, operation, exchange)]
                for problem in problems:
                    findings[f"{exchange['service']}:{name} {problem}"] += 1
    for finding, times in sorted(findings.items()):
        print(f"{times:6} x {finding}")
    for service, times in unknown.items():
        print(f"{times:6} requests to {service}, which has no model")
    print(f"models: {total} exchanges, {errors} of them errors, {len(counts)} operations, {sum(findings.values())} findings")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
