// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

// Every room is one target; the arrows between them only go down. `test.sh` holds this table against the
// plan, and the build refuses an import that is not declared here.

let swiftRules: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableExperimentalFeature("Lifetimes"),
]

let cRules: [CSetting] = [
  .unsafeFlags(["-std=c11", "-O3", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror"])
]

func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swiftRules)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: swiftRules)
}

/// An adapter as a vendor builds it: plain C, nothing but the public headers, one exported symbol.
func adapter(_ target: String, path: String) -> Target {
  .target(
    name: target, path: path, publicHeadersPath: "include",
    cSettings: cRules + [.unsafeFlags(["-I", "sdk-c/include"])],
    // No Swift runtime, start-up code or run path: an adapter is a C library like any vendor's.
    linkerSettings: [
      .linkedLibrary("m"), .unsafeFlags(["-nostartfiles", "-no-toolchain-stdlib-rpath", "-static-stdlib"]),
    ])
}

func fuzzParsers() -> Target {
  .target(
    name: "FuzzParsers",
    dependencies: [
      "AdapterBinding", "AdapterHost", "AdapterMarketplace", "AggregationService", "CExProveABI", "CLinux",
      "DurableFiles", "EventFlow", "ExecutionIR", "Feeds", "Governance", "RepositoryNetwork", "SecureAggregation",
      "TransparencyLog", "UpdateFramework",
    ], path: "Tests/Fuzz/Parsers", swiftSettings: swiftRules)
}

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let network: [Target.Dependency] =
  ["NIOCore", "NIOHTTP1", "NIOPosix", "NIOTLS"].map { .product(name: $0, package: "swift-nio") }
  + [.product(name: "NIOSSL", package: "swift-nio-ssl")]

let package = Package(
  name: "exprove",
  products: [
    .executable(name: "exprove", targets: ["exprove"]),
    .executable(name: "exprove-worker", targets: ["ExProveWorker"]),
    .library(name: "nasdaq-itch50", type: .dynamic, targets: ["NasdaqAdapter"]),
    .library(name: "binance", type: .dynamic, targets: ["BinanceAdapter"]),
    // Installed as libexprove.so: a second product of the command's name cannot be.
    .library(name: "exprove-client", type: .dynamic, targets: ["ExProveClient"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
  ],
  targets: [
    // Floor 0
    .target(
      name: "CExProveABI", path: "sdk-c", exclude: ["examples", "templates"], sources: ["layout/layout.c"],
      publicHeadersPath: "include"),
    // Embeds the projects that `exprove adapter new` writes.
    .target(
      name: "CAdapterTemplates",
      cSettings: [.unsafeFlags(["-std=c23", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror"])]),
    .systemLibrary(name: "CFFI", pkgConfig: "libffi", providers: [.apt(["libffi-dev"])]),
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "CWorkerLink"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    room("DurableFiles"),
    room("EscapedMarkup"),
    room("SourceDiagnostics"),
    // Floor 1
    // Plain C over libffi, for the host and the worker.
    .target(
      name: "AdapterBinder", dependencies: ["CExProveABI", "CFFI"],
      cSettings: cRules + [.define("_GNU_SOURCE")]),
    room("CivilTime"),
    room("ExecutionIR", [crypto]),
    room("EventFlow", ["CExProveABI", crypto]),
    room("TransparencyLog", ["DurableFiles", crypto]),
    // Floor 2
    room("AdapterBinding", ["AdapterBinder", "CExProveABI", "SourceDiagnostics"]),
    room("ContractLanguage", ["ExecutionIR", "CivilTime", "SourceDiagnostics"]),
    room("Feeds", ["CExProveABI", "CivilTime", "EventFlow", "CZlib", "CZstd"]),
    // Plain C without the Swift runtime, so that no second one stands beside an adapter's.
    .executableTarget(
      name: "ExProveWorker", dependencies: ["AdapterBinder", "CExProveABI"],
      cSettings: cRules + [.headerSearchPath("../CWorkerLink"), .unsafeFlags(["-I", "sdk-c/include"])],
      linkerSettings: [
        .unsafeFlags([
          "-nostartfiles", "-no-toolchain-stdlib-rpath", "-static-stdlib",
        ])
      ]),
    room("MarketModel", ["CExProveABI", "ExecutionIR", "EventFlow"]),
    room("SecureAggregation", [crypto]),
    room("UpdateFramework", ["DurableFiles", "ExecutionIR", crypto]),
    // Floor 3
    room(
      "AdapterHost",
      [
        "AdapterBinder", "AdapterBinding", "CExProveABI", "CLinux", "CWorkerLink", "EventFlow", "SourceDiagnostics",
        crypto,
      ]),
    room("ExecutionSolver", ["ExecutionIR"]),
    room("Governance", ["DurableFiles", "ExecutionIR", "TransparencyLog", crypto]),
    room("RepositoryNetwork", ["UpdateFramework"] + network),
    // Floor 4
    .target(
      name: "AggregationService",
      dependencies: ["DurableFiles", "ExecutionIR", "Governance", "SecureAggregation", "TransparencyLog", crypto],
      exclude: ["PRIVACY.md"], swiftSettings: swiftRules),
    room("AdapterConformance", ["AdapterHost", "CExProveABI", "CLinux", "EventFlow", "ExecutionIR", "Feeds"]),
    room(
      "ExecutionEngine", ["CExProveABI", "ExecutionIR", "EventFlow", "MarketModel", "ExecutionSolver", "Governance"]),
    room("VendorHooks", ["AdapterBinder", "AdapterHost", "CExProveABI", "ExecutionIR"]),
    // Floor 5
    room(
      "AggregationNetwork",
      ["AggregationService", "CivilTime", "ExecutionIR", "Governance", "TransparencyLog", crypto] + network),
    room(
      "RunJournal",
      [
        "CExProveABI", "DurableFiles", "EventFlow", "ExecutionEngine", "ExecutionIR", "Governance", "TransparencyLog",
        crypto,
      ]),
    room("VenueSimulator", ["CExProveABI", "EventFlow", "ExecutionIR"]),
    // Floor 6
    room(
      "ComplianceReports",
      [
        "CExProveABI", "CivilTime", "DurableFiles", "EscapedMarkup", "EventFlow", "ExecutionEngine", "ExecutionIR",
        "Governance", "MarketModel", "RunJournal", "TransparencyLog",
      ]),
    room(
      "AdapterMarketplace",
      ["DurableFiles", "EscapedMarkup", "ExecutionIR", "Governance", "TransparencyLog", "UpdateFramework", crypto]),
    // Floor 7
    room(
      "ExecutionRun",
      [
        "AdapterHost", "AdapterMarketplace", "CExProveABI", "CivilTime", "ContractLanguage", "DurableFiles",
        "EventFlow",
        "ExecutionEngine", "ExecutionIR", "Feeds", "Governance", "MarketModel", "RunJournal", "SourceDiagnostics",
        "TransparencyLog",
        "VendorHooks", "VenueSimulator", crypto,
      ]),
    // The library for C programs: its own Swift runtime inside, no other names than those of client.h outside.
    .target(
      name: "ExProveClient",
      dependencies: [
        "CExProveABI", "DurableFiles", "EventFlow", "ExecutionIR", "Governance", "RunJournal", "TransparencyLog",
      ],
      exclude: ["exprove.map"], swiftSettings: swiftRules,
      linkerSettings: [
        .unsafeFlags([
          "-static-stdlib", "-use-ld=lld", "-Xlinker", "--gc-sections", "-Xlinker", "-soname=libexprove.so.1",
          "-Xlinker", "--version-script=\(Context.packageDirectory)/Sources/ExProveClient/exprove.map",
          // Nothing may be left to be found at run time, and a runtime that was unloaded would leave its threads' keys.
          "-Xlinker", "-z", "-Xlinker", "defs", "-Xlinker", "-z", "-Xlinker", "nodelete",
          // What the static Foundation under Crypto needs, and the dynamic one brings by itself.
          "-l_FoundationCollections", "-l_FoundationCShims", "-lswiftSynchronization",
        ])
      ]),
    // Floor 8
    .executableTarget(
      name: "exprove",
      dependencies: [
        "AdapterBinding", "AdapterConformance", "AdapterHost", "AdapterMarketplace", "AggregationNetwork",
        "AggregationService", "CAdapterTemplates", "CExProveABI", "CivilTime", "ComplianceReports",
        "DurableFiles",
        "EventFlow",
        "ExecutionEngine", "ExecutionIR", "ExecutionRun",
        "ExecutionSolver", "Feeds", "Governance", "MarketModel", "RepositoryNetwork", "RunJournal", "TransparencyLog",
        "UpdateFramework",
        arguments,
      ], swiftSettings: swiftRules),
    // Adapters
    adapter("NasdaqAdapter", path: "Plugins/nasdaq"),
    adapter("BinanceAdapter", path: "Plugins/binance"),
    // Tests
    tests("ExecutionIRTests", ["ExecutionIR"]),
    tests("ContractLanguageTests", ["ContractLanguage", "CivilTime", "ExecutionIR", "SourceDiagnostics"]),
    tests("ExecutionSolverTests", ["ExecutionSolver", "ExecutionIR"]),
    .target(
      name: "BrokenAdapters", path: "Tests/BrokenAdapters", exclude: ["adapters", "libraries"],
      swiftSettings: swiftRules),
    .executableTarget(
      name: "conformance-program", dependencies: ["AdapterConformance"], path: "Tests/ConformanceProgram",
      swiftSettings: swiftRules),
    tests(
      "AdapterConformanceTests",
      [
        "AdapterConformance", "AdapterHost", "BrokenAdapters", "CExProveABI", "EventFlow", "ExecutionIR",
        "VenueSimulator", "conformance-program",
      ]),
    .testTarget(
      name: "AdapterHostTests", dependencies: ["AdapterHost", "BrokenAdapters", "CExProveABI", "EventFlow"],
      exclude: ["abi-1.0"], swiftSettings: swiftRules),
    tests(
      "AdapterBindingTests",
      [
        "AdapterBinder", "AdapterBinding", "AdapterHost", "BrokenAdapters", "CExProveABI", "CLinux", "EventFlow",
        "Feeds",
        "SourceDiagnostics",
      ]),
    tests("VendorHooksTests", ["VendorHooks", "AdapterHost", "BrokenAdapters", "ExecutionIR"]),
    tests("GovernanceTests", ["Governance", "ExecutionIR", "TransparencyLog", crypto]),
    tests("TransparencyLogTests", ["TransparencyLog", crypto]),
    tests("RunJournalTests", ["RunJournal", "EventFlow", "CExProveABI", "DurableFiles"]),
    tests("CivilTimeTests", ["CivilTime"]),
    tests(
      "ExecutionEngineTests",
      ["ExecutionEngine", "CExProveABI", "EventFlow", "ExecutionIR", "ExecutionSolver", "Governance", "VenueSimulator"]),
    tests("VenueSimulatorTests", ["VenueSimulator", "CExProveABI", "EventFlow", "ExecutionIR"]),
    tests("MarketModelTests", ["MarketModel", "CExProveABI", "EventFlow", "ExecutionIR"]),
    tests(
      "ComplianceReportsTests",
      [
        "CExProveABI", "ComplianceReports", "EventFlow", "ExecutionEngine", "ExecutionIR", "ExecutionRun", "Governance",
        "RunJournal", "TransparencyLog",
      ]),
    tests(
      "ExecutionRunTests",
      [
        "AdapterHost", "AdapterMarketplace", "BrokenAdapters", "CExProveABI", "EventFlow", "ExecutionEngine",
        "ExecutionIR", "ExecutionRun",
        "Feeds", "Governance", "RunJournal", "TransparencyLog", "VenueSimulator",
      ]),
    tests("FeedsTests", ["Feeds", "EventFlow", "CivilTime"]),
    tests("SecureAggregationTests", ["SecureAggregation", crypto]),
    tests("UpdateFrameworkTests", ["DurableFiles", "ExecutionIR", "UpdateFramework", crypto]),
    tests("RepositoryNetworkTests", ["RepositoryNetwork", "UpdateFramework"] + network),
    tests(
      "AdapterMarketplaceTests",
      ["AdapterMarketplace", "DurableFiles", "ExecutionIR", "Governance", "TransparencyLog", "UpdateFramework"]),
    tests(
      "AggregationNetworkTests", ["AggregationNetwork", "AggregationService", "ExecutionIR", "Governance", crypto]),
    tests(
      "AggregationServiceTests",
      ["AggregationService", "DurableFiles", "ExecutionIR", "Governance", "SecureAggregation", "TransparencyLog"]),
  ]
)

// Benchmarks exist, with what they depend on, only for those who ask for them: Tests/Benchmarks/run.sh does.
if Context.environment["EXPROVE_DEV"] == "1" {
  package.targets += [
    fuzzParsers(),
    .executableTarget(
      name: "fuzz-replay", dependencies: ["FuzzParsers"], path: "Tests/Fuzz/Replay", swiftSettings: swiftRules),
    .target(
      name: "BenchmarkLimits", dependencies: ["CExProveABI"], path: "Tests/Benchmarks/Limits",
      cSettings: [.unsafeFlags(["-O3", "-Wall", "-Wextra", "-Werror"])],
      cxxSettings: [.unsafeFlags(["-O3", "-Wall", "-Wextra", "-Werror"])]),
    .executableTarget(
      name: "benchmarks",
      dependencies: [
        "AdapterHost", "AdapterMarketplace", "BenchmarkLimits", "CExProveABI", "CivilTime", "DurableFiles", "EventFlow",
        "ExecutionIR", "ExecutionSolver", "Feeds", "Governance", "MarketModel", "RepositoryNetwork", "RunJournal",
        "SecureAggregation", "TransparencyLog", "UpdateFramework",
      ], path: "Tests/Benchmarks/Worker", swiftSettings: swiftRules),
  ]
}

// Fuzzers too, and built in a way of their own, with libFuzzer: Tests/Fuzz/nightly.sh does.
if Context.environment["EXPROVE_FUZZING"] == "1" {
  let watched = swiftRules + [.unsafeFlags(["-sanitize=fuzzer", "-parse-as-library"])]
  package.products.append(.executable(name: "fuzz-target", targets: ["fuzz-target"]))
  package.targets += [
    fuzzParsers(),
    .executableTarget(
      name: "fuzz-target", dependencies: ["FuzzParsers"], path: "Tests/Fuzz/Target", swiftSettings: watched,
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])]),
  ]
  // What is not watched is not explored.
  let parsers = [
    "FuzzParsers", "AdapterBinding", "AdapterHost", "AdapterMarketplace", "ExecutionIR", "Feeds", "Governance",
    "RepositoryNetwork", "SourceDiagnostics", "UpdateFramework",
  ]
  for target in package.targets where parsers.contains(target.name) {
    target.swiftSettings = (target.swiftSettings ?? []) + [.unsafeFlags(["-sanitize=fuzzer", "-parse-as-library"])]
  }
}
