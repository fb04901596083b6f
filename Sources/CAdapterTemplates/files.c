/* SPDX-License-Identifier: Apache-2.0
 *
 * Each file is embedded from its one place in sdk-c, so that nothing is there twice. Tests/Adapters/templates holds the
 * list against the folders.
 */
#include "adapter_templates.h"

static const unsigned char every_licence_md[] = {
#embed "../../sdk-c/templates/every/LICENCE.md"
};
static const unsigned char every_readme_md[] = {
#embed "../../sdk-c/templates/every/README.md"
};
static const unsigned char every_gitignore[] = {
#embed "../../sdk-c/templates/every/gitignore"
};
static const unsigned char every__github_workflows_conform_yml[] = {
#embed "../../sdk-c/templates/every/.github/workflows/conform.yml"
};
static const unsigned char every_sample_day_bin[] = {
#embed "../../sdk-c/templates/every/sample/day.bin"
};
static const unsigned char every_sample_make_sample_py[] = {
#embed "../../sdk-c/templates/every/sample/make_sample.py"
};
static const unsigned char c_makefile[] = {
#embed "../../sdk-c/templates/c/Makefile"
};
static const unsigned char c_adapter_c[] = {
#embed "../../sdk-c/templates/c/adapter.c"
};
static const unsigned char c_feed_c[] = {
#embed "../../sdk-c/templates/c/feed.c"
};
static const unsigned char c_feed_h[] = {
#embed "../../sdk-c/templates/c/feed.h"
};
static const unsigned char c_language_md[] = {
#embed "../../sdk-c/templates/c/language.md"
};
static const unsigned char cpp_makefile[] = {
#embed "../../sdk-c/templates/cpp/Makefile"
};
static const unsigned char cpp_adapter_cpp[] = {
#embed "../../sdk-c/templates/cpp/adapter.cpp"
};
static const unsigned char cpp_exports_map[] = {
#embed "../../sdk-c/templates/cpp/exports.map"
};
static const unsigned char cpp_language_md[] = {
#embed "../../sdk-c/templates/cpp/language.md"
};
static const unsigned char rust_cargo_lock[] = {
#embed "../../sdk-c/templates/rust/Cargo.lock"
};
static const unsigned char rust_cargo_toml[] = {
#embed "../../sdk-c/templates/rust/Cargo.toml"
};
static const unsigned char rust_makefile[] = {
#embed "../../sdk-c/templates/rust/Makefile"
};
static const unsigned char rust_language_md[] = {
#embed "../../sdk-c/templates/rust/language.md"
};
static const unsigned char rust_src_abi_rs[] = {
#embed "../../sdk-c/templates/rust/src/abi.rs"
};
static const unsigned char rust_src_boundary_rs[] = {
#embed "../../sdk-c/templates/rust/src/boundary.rs"
};
static const unsigned char rust_src_feed_rs[] = {
#embed "../../sdk-c/templates/rust/src/feed.rs"
};
static const unsigned char rust_src_lib_rs[] = {
#embed "../../sdk-c/templates/rust/src/lib.rs"
};
static const unsigned char rust_src_output_rs[] = {
#embed "../../sdk-c/templates/rust/src/output.rs"
};
static const unsigned char swift_makefile[] = {
#embed "../../sdk-c/templates/swift/Makefile"
};
static const unsigned char swift_exports_map[] = {
#embed "../../sdk-c/templates/swift/exports.map"
};
static const unsigned char swift_language_md[] = {
#embed "../../sdk-c/templates/swift/language.md"
};
static const unsigned char swift_sources_boundary_swift[] = {
#embed "../../sdk-c/templates/swift/Sources/boundary.swift"
};
static const unsigned char swift_sources_feed_swift[] = {
#embed "../../sdk-c/templates/swift/Sources/feed.swift"
};
static const unsigned char swift_sources_manifest_c[] = {
#embed "../../sdk-c/templates/swift/Sources/manifest.c"
};
static const unsigned char swift_sources_manifest_h[] = {
#embed "../../sdk-c/templates/swift/Sources/manifest.h"
};
static const unsigned char include_include_exprove_abi_h[] = {
#embed "../../sdk-c/include/exprove/abi.h"
};
static const unsigned char include_include_exprove_adapter_h[] = {
#embed "../../sdk-c/include/exprove/adapter.h"
};
static const unsigned char include_include_exprove_adapter_hpp[] = {
#embed "../../sdk-c/include/exprove/adapter.hpp"
};
static const unsigned char include_include_exprove_configuration_hpp[] = {
#embed "../../sdk-c/include/exprove/configuration.hpp"
};
static const unsigned char include_include_exprove_event_h[] = {
#embed "../../sdk-c/include/exprove/event.h"
};
static const unsigned char include_include_exprove_extensions_h[] = {
#embed "../../sdk-c/include/exprove/extensions.h"
};
static const unsigned char include_include_exprove_output_hpp[] = {
#embed "../../sdk-c/include/exprove/output.hpp"
};
static const unsigned char include_include_exprove_reading_hpp[] = {
#embed "../../sdk-c/include/exprove/reading.hpp"
};
static const unsigned char include_include_exprove_state_hpp[] = {
#embed "../../sdk-c/include/exprove/state.hpp"
};
static const unsigned char include_rules_md[] = {
#embed "../../sdk-c/RULES.md"
};

#define FILE_OF(group, path, bytes) {group, path, bytes, sizeof bytes}

static const adapter_template_file files[] = {
    FILE_OF("every", "LICENCE.md", every_licence_md),
    FILE_OF("every", "README.md", every_readme_md),
    FILE_OF("every", ".gitignore", every_gitignore),
    FILE_OF("every", ".github/workflows/conform.yml", every__github_workflows_conform_yml),
    FILE_OF("every", "sample/day.bin", every_sample_day_bin),
    FILE_OF("every", "sample/make_sample.py", every_sample_make_sample_py),
    FILE_OF("c", "Makefile", c_makefile),
    FILE_OF("c", "adapter.c", c_adapter_c),
    FILE_OF("c", "feed.c", c_feed_c),
    FILE_OF("c", "feed.h", c_feed_h),
    FILE_OF("c", "language.md", c_language_md),
    FILE_OF("cpp", "Makefile", cpp_makefile),
    FILE_OF("cpp", "adapter.cpp", cpp_adapter_cpp),
    FILE_OF("cpp", "exports.map", cpp_exports_map),
    FILE_OF("cpp", "language.md", cpp_language_md),
    FILE_OF("rust", "Cargo.lock", rust_cargo_lock),
    FILE_OF("rust", "Cargo.toml", rust_cargo_toml),
    FILE_OF("rust", "Makefile", rust_makefile),
    FILE_OF("rust", "language.md", rust_language_md),
    FILE_OF("rust", "src/abi.rs", rust_src_abi_rs),
    FILE_OF("rust", "src/boundary.rs", rust_src_boundary_rs),
    FILE_OF("rust", "src/feed.rs", rust_src_feed_rs),
    FILE_OF("rust", "src/lib.rs", rust_src_lib_rs),
    FILE_OF("rust", "src/output.rs", rust_src_output_rs),
    FILE_OF("swift", "Makefile", swift_makefile),
    FILE_OF("swift", "exports.map", swift_exports_map),
    FILE_OF("swift", "language.md", swift_language_md),
    FILE_OF("swift", "Sources/boundary.swift", swift_sources_boundary_swift),
    FILE_OF("swift", "Sources/feed.swift", swift_sources_feed_swift),
    FILE_OF("swift", "Sources/manifest.c", swift_sources_manifest_c),
    FILE_OF("swift", "Sources/manifest.h", swift_sources_manifest_h),
    FILE_OF("include", "include/exprove/abi.h", include_include_exprove_abi_h),
    FILE_OF("include", "include/exprove/adapter.h", include_include_exprove_adapter_h),
    FILE_OF("include", "include/exprove/adapter.hpp", include_include_exprove_adapter_hpp),
    FILE_OF("include", "include/exprove/configuration.hpp", include_include_exprove_configuration_hpp),
    FILE_OF("include", "include/exprove/event.h", include_include_exprove_event_h),
    FILE_OF("include", "include/exprove/extensions.h", include_include_exprove_extensions_h),
    FILE_OF("include", "include/exprove/output.hpp", include_include_exprove_output_hpp),
    FILE_OF("include", "include/exprove/reading.hpp", include_include_exprove_reading_hpp),
    FILE_OF("include", "include/exprove/state.hpp", include_include_exprove_state_hpp),
    FILE_OF("include", "RULES.md", include_rules_md),
    {0},
};

const adapter_template_file *adapter_template_files_start(void) { return files; }
