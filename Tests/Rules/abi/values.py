#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes C about a folder of headers: `values` prints each constant, and place and size of each struct's members;
`surface` has a function for each member and enumeration, so that abidiff compares every type on its own."""
import os
import re
import sys

# Those that are to change with a version, or that hold no number.
SKIPPED = re.compile(r"EXPROVE_(\w+_H|EXTERN_C_\w+|EXPORT|EXTENSION_\w+)$")


def main(what, folder):
    structs, constants, enums, headers = [], [], [], []
    for name in sorted(os.listdir(os.path.join(folder, "exprove"))):
        if not name.endswith(".h") or name == "client.h":
            continue
        headers.append(f"#include <exprove/{name}>")
        with open(os.path.join(folder, "exprove", name), encoding="utf-8") as file:
            text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
        constants += re.findall(r"^\s*#define (EXPROVE_\w+) +[0-9(E]", text, flags=re.M)
        for body in re.findall(r"\benum\s*\w*\s*\{(.*?)\}", text, flags=re.S):
            constants += re.findall(r"\b(EXPROVE_\w+)\s*=", body)
        enums += re.findall(r"typedef enum (exprove_\w+)", text)
        for struct, body in re.findall(r"typedef struct (exprove_\w+) \{(.*?)\n\}", text, flags=re.S):
            for member in body.split(";"):
                slot = re.search(r"\(\*(\w+)\)", member)
                if slot:
                    structs.append((struct, slot.group(1)))
                elif member.strip():
                    names = re.sub(r"\[[^\]]*\]", "", member).strip().split(",")
                    structs += [(struct, re.search(r"(\w+)$", name.strip()).group(1)) for name in names]
    constants = [name for name in constants if not SKIPPED.match(name)]
    assert len(structs) > 80 and len(constants) > 80, (len(structs), len(constants))
    if what == "surface":
        print("\n".join(headers))
        for struct, member in structs:
            print(f"void of_{struct}_{member}(__typeof__(((struct {struct} *)0)->{member}) *value) {{ (void)value; }}")
        for enum in enums:
            print(f"void of_{enum}({enum} *value) {{ (void)value; }}")
        print("exprove_status exprove_adapter_entry(uint32_t version, exprove_adapter *adapter) {\n"
              "  (void)version, (void)adapter;\n  return 0;\n}")
        return
    print("\n".join(headers) + "\n#include <stdio.h>\nint main(void) {")
    for struct, member in structs:
        print(f'  printf("{struct}.{member} %zu %zu\\n", offsetof({struct}, {member}), sizeof((({struct} *)0)->{member}));')
    for name in constants:
        print(f'  printf("{name} %lld\\n", (long long)({name}));')
    print("  return 0;\n}")


main(sys.argv[1], sys.argv[2])
