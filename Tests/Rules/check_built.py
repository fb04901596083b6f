#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds what was built to the rules: no floating-point instruction in the engine's objects, no branch in the arithmetic
of the secret-sharing fields, adapters that export one symbol and a client library that exports what client.h declares,
each needing only what it may.
check_built.py BUILD_DIRECTORY. Ends with `N passed, N failed`."""
import glob
import os
import re
import subprocess
import sys
import tempfile

ENGINE = ("ExecutionIR", "EventFlow", "MarketModel", "ExecutionSolver", "ExecutionEngine", "VenueSimulator")
# Arithmetic, comparisons and conversions; moves, shuffles and bitwise operations serve integers too.
FLOATING = re.compile(
    r"^(v?(add|sub|mul|div|sqrt|min|max|round|rcp|rsqrt|u?comi|cmp\w*|hadd|hsub|addsub|dp)[sp][sd]|"
    r"v?cvtt?\w+|vfn?m(add|sub)\w+|f(add|sub|mul|div|sqrt|ld|ild|st|ist|com|ucom|chs|abs)\w*|"
    r"[su]cvtf|fcvt\w+|fcmpe?|fn?m(add|sub|ul)|fneg)$")
# The standard library's Double and Float by their mangled names, and the mathematical library.
CALLED = re.compile(r"^\$sS[df]|^(sqrt|pow|exp|exp2|log|log2|log10|fmod|floor|ceil|round|trunc|sin|cos|strtod)f?$")
MAY_NEED = re.compile(r"^(libc|libm)\.so\.6$|^ld-linux[\w.-]*$|^libgcc_s\.so\.1$|^libstdc\+\+\.so\.6$")

# Sums, differences, products and conversions of Field64 and Field128, by their mangled names.
FIELD = re.compile(
    r"^\$s17SecureAggregation(7Field64|8Field128)V"
    r"(1[psm]oi|6reduce|7product|7integer|7reducedAC|13SumOfProductsV(3addyyAC_|5valueACvg))")
# A jump that depends on something, or an instruction whose time does. Calls would hide either.
UNEVEN = re.compile(r"^(j(?!mp)\w+|loop\w*|i?div\w*|call\w*|b\.\w+|cbn?z|tbn?z|[us]div|bl|blr)$")


def told(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def floating(objects):
    found = []
    for path in objects:
        where = "?"
        for line in told("objdump", "-d", "--no-show-raw-insn", path).split("\n"):
            if line.endswith(">:"):
                where = line.split("<", 1)[1][:-2]
            part = line.split("\t")
            if len(part) > 1 and part[1].split() and FLOATING.match(part[1].split()[0]):
                found.append(f"{os.path.basename(path)}: {part[1].strip()} in {where}")
        for line in told("nm", "-u", path).split("\n"):
            if line.split() and CALLED.match(line.split()[-1]):
                found.append(f"{os.path.basename(path)}: uses {line.split()[-1]}")
    return found


def uneven(objects):
    """What of the fields' arithmetic may take another time for other values; and how many functions were looked at."""
    found, seen = [], set()
    for path in objects:
        where = ""
        for line in told("objdump", "-d", "--no-show-raw-insn", path).split("\n"):
            if line.endswith(">:"):
                where = line.split("<", 1)[1][:-2]
                seen |= {where} if FIELD.match(where) else set()
            part = line.split("\t")
            if FIELD.match(where) and len(part) > 1 and part[1].split() and UNEVEN.match(part[1].split()[0]):
                found.append(f"{os.path.basename(path)}: {part[1].strip()} in {where}")
    return found, len(seen)


def uneven_seeds(folder):
    missed = []
    for label, body, guilty in [
        ("branch", "if (a < b) s();", True), ("division", "r = a / b;", True),
        ("even", "r = a + (b & (a >> 63));", False),
    ]:
        source, object_file = os.path.join(folder, f"field-{label}.c"), os.path.join(folder, f"field-{label}.o")
        with open(source, "w", encoding="utf-8") as file:
            file.write("long r;\nvoid s(void);\n"
                       "void f(long a, long b) __asm__(\"$s17SecureAggregation7Field64V1poiyA2C_ACtFZ\");\n"
                       f"void f(long a, long b) {{ {body} }}\n")
        told("gcc", "-O2", "-c", source, "-o", object_file)
        found, seen = uneven([object_file])
        if bool(found) != guilty or seen != 1:
            missed.append(f"the planted field '{label}' is judged wrongly: {found}")
    return missed


def field_faults(build):
    found, seen = uneven(glob.glob(os.path.join(build, "SecureAggregation.build", "**", "Field*.o"), recursive=True))
    # Eight of the smaller field, nine of the larger one.
    return found + ([] if seen >= 17 else [f"SecureAggregation: only {seen} functions of its fields in {build}"])


def engine_objects(build):
    found, missing = [], []
    for room in ENGINE:
        objects = glob.glob(os.path.join(build, room + ".build", "**", "*.o"), recursive=True)
        found += objects
        if not objects:
            missing.append(f"{room}: no objects in {build}")
    policy = glob.glob(os.path.join(build, "Governance.build", "Policy*.o"))
    return found + policy, missing + ([] if policy else [f"Governance: no objects of its policy in {build}"])


def adapter_faults(library):
    found, name = [], os.path.basename(library)
    for line in told("nm", "-D", "--defined-only", library).split("\n"):
        part = line.split()
        if part and part[-1] not in ("exprove_adapter_entry", "_init", "_fini", "_end", "_edata", "__bss_start"):
            found.append(f"{name}: exports {part[-1]}")
        if part and part[-2] == "u":
            found.append(f"{name}: {part[-1]} is unique to the process")
    if "exprove_adapter_entry" not in told("nm", "-D", "--defined-only", library):
        found.append(f"{name}: doesn't export exprove_adapter_entry")
    return found + dependency_faults(library)


def dependency_faults(library):
    found, name = [], os.path.basename(library)
    for line in told("readelf", "-dW", library).split("\n"):
        value = re.search(r"\[(.*)\]", line)
        if "(NEEDED)" in line and not MAY_NEED.match(value.group(1)):
            found.append(f"{name}: needs {value.group(1)}")
        if "(RPATH)" in line or "(RUNPATH)" in line:
            found.append(f"{name}: has a library path: {value.group(1)}")
    return found


def worker_faults(program):
    """Plain C: no second Swift runtime may stand beside an adapter's."""
    # libffi calls the functions of bound libraries.
    found = [fault for fault in dependency_faults(program) if "needs libffi.so" not in fault]
    name = os.path.basename(program)
    if re.search(r"\b_?(swift_|\$s)", told("nm", program)):
        found.append(f"{name}: holds a Swift runtime")
    return found


def worker_seeds(folder):
    missed = []
    for label, body, flags, expected in [
        ("plain", "int main(void) { return 0; }", [], None),
        ("swift", "int swift_retain(void) { return 0; }\nint main(void) { return swift_retain(); }", ["-O0"], "Swift runtime"),
        ("needs", "int main(void) { return 0; }", ["-Wl,--no-as-needed", "-lz"], "needs libz"),
    ]:
        source, program = os.path.join(folder, f"worker-{label}.c"), os.path.join(folder, f"worker-{label}")
        with open(source, "w", encoding="utf-8") as file:
            file.write(body + "\n")
        told("gcc", source, "-o", program, *flags)
        said = worker_faults(program)
        if expected is None and said or expected and not any(expected in line for line in said):
            missed.append(f"the planted worker '{label}' is judged wrongly: {said}")
    return missed


def client_faults(library, declared):
    """`declared`: the functions of client.h. The library has no Swift runtime beside it and shows nothing else."""
    found, name = dependency_faults(library), os.path.basename(library)
    exported = {line.split()[-1] for line in told("nm", "-D", "--defined-only", library).split("\n") if line}
    expected = {f"{function}@@EXPROVE_1" for function in declared}
    # Some linkers list the version itself.
    found += [f"{name}: exports {symbol}" for symbol in sorted(exported - expected - {"EXPROVE_1"})]
    found += [f"{name}: doesn't export {symbol}" for symbol in sorted(expected - exported)]
    if "[libexprove.so.1]" not in told("readelf", "-dW", library):
        found.append(f"{name}: its soname is not libexprove.so.1")
    return found


def client_functions(root):
    with open(os.path.join(root, "sdk-c", "include", "exprove", "client.h"), encoding="utf-8") as file:
        return set(re.findall(r"^EXPROVE_EXPORT [^(;]*?(exprove_\w+)\(", file.read(), re.M))


def client_seeds(folder):
    missed = []
    script = os.path.join(folder, "client.map")
    with open(script, "w", encoding="utf-8") as file:
        file.write("EXPROVE_1 { global: exprove_*; local: *; };\n")
    named, versioned = ["-Wl,-soname,libexprove.so.1"], [f"-Wl,--version-script={script}"]
    for label, body, flags, expected in [
        ("whole", "int exprove_one(void) { return 1; }", named + versioned, None),
        ("more", "int exprove_one(void) { return 1; }\nint exprove_two(void) { return 2; }", named + versioned,
         "exports exprove_two@@EXPROVE_1"),
        ("less", "int exprove_other(void) { return 1; }", named + versioned, "doesn't export exprove_one@@EXPROVE_1"),
        ("unversioned", "int exprove_one(void) { return 1; }", named, "exports exprove_one"),
        ("nameless", "int exprove_one(void) { return 1; }", versioned, "soname"),
        ("runtime", "int exprove_one(void) { return 1; }",
         named + versioned + ["-L" + folder, "-Wl,--no-as-needed", "-lswiftSeed"], "needs libswiftSeed.so"),
    ]:
        source, library = os.path.join(folder, label + ".c"), os.path.join(folder, f"client-{label}.so")
        with open(source, "w", encoding="utf-8") as file:
            file.write(body + "\n")
        if label == "runtime":
            told("gcc", "-shared", "-fPIC", source, "-o", os.path.join(folder, "libswiftSeed.so"))
        told("gcc", "-shared", "-fPIC", source, "-o", library, *flags)
        said = client_faults(library, {"exprove_one"})
        if expected is None and said or expected and not any(expected in line for line in said):
            missed.append(f"the planted library '{label}' is judged wrongly: {said}")
    return missed


def floating_seeds(folder):
    missed = []
    for label, body, guilty in [
        ("adds", "public func f(_ a: Double, _ b: Double) -> Double { a + b }", True),
        ("converts", "public func f(_ a: Int) -> Int { Int(Double(a) * 1.5) }", True),
        ("integers", "public func f(_ a: Int, _ b: Int) -> Int { a * b + a / b }", False),
    ]:
        source, object_file = os.path.join(folder, label + ".swift"), os.path.join(folder, label + ".o")
        with open(source, "w", encoding="utf-8") as file:
            file.write(body + "\n")
        told("swiftc", "-O", "-parse-as-library", "-module-cache-path", os.path.join(folder, "modules"),
             "-c", source, "-o", object_file)
        if bool(floating([object_file])) != guilty:
            missed.append(f"the planted object '{label}' is judged wrongly")
    return missed


def adapter_seeds(folder):
    entry = '__attribute__((visibility("default"))) int exprove_adapter_entry(void) { return 0; }\n'
    missed = []
    for label, body, flags, expected in [
        ("plain", "", [], None), ("second", "int second(void) { return 1; }\n", ["-fvisibility=default"], "exports second"),
        ("path", "", ["-Wl,-rpath,/usr/lib/x"], "library path"),
        ("needs", "", ["-Wl,--no-as-needed", "-lz"], "needs libz"),
    ]:
        source, library = os.path.join(folder, label + ".c"), os.path.join(folder, label + ".so")
        with open(source, "w", encoding="utf-8") as file:
            file.write(entry + body)
        told("gcc", "-shared", "-fPIC", "-fvisibility=hidden", *flags, source, "-o", library, *flags[1:])
        said = adapter_faults(library)
        if expected is None and said or expected and not any(expected in line for line in said):
            missed.append(f"the planted adapter '{label}' is judged wrongly: {said}")
    return missed


def main():
    build, passed, failed = sys.argv[1], 0, 0
    with tempfile.TemporaryDirectory() as folder:
        objects, missing = engine_objects(build)
        adapters = [os.path.join(build, f"lib{name}.so") for name in ("nasdaq-itch50", "binance")]
        faults = [fault for path in adapters for fault in (
            adapter_faults(path) if os.path.exists(path) else [f"{path}: not built"])]
        client = os.path.join(build, "libexprove-client.so")
        functions = client_functions(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
        shown = client_faults(client, functions) if os.path.exists(client) else [f"{client}: not built"]
        worker = os.path.join(build, "exprove-worker")
        worker_wrong = worker_faults(worker) if os.path.exists(worker) else [f"{worker}: not built"]
        for name, wrong in [
            ("the worker is plain C", worker_wrong + worker_seeds(folder)),
            (f"no floating point in {len(objects)} objects of the engine",
             missing + floating(objects) + floating_seeds(folder)),
            ("the fields of the secret sharing compute without branches", field_faults(build) + uneven_seeds(folder)),
            ("adapters export one symbol and need little", faults + adapter_seeds(folder)),
            (f"libexprove.so exports the {len(functions)} functions of client.h and needs no Swift",
             shown + client_seeds(folder)),
        ]:
            for line in wrong:
                print(line)
            print(f"{'FAILED' if wrong else 'ok'}: {name}")
            passed, failed = passed + (not wrong), failed + bool(wrong)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
