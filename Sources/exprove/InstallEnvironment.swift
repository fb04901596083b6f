// SPDX-License-Identifier: Apache-2.0

import Glibc
import RepositoryNetwork
import RunJournal

extension ProxySettings {
  /// As the environment says.
  static func ofEnvironment() throws(RunError) -> ProxySettings {
    var environment: [String: String] = [:]
    for name in ["https_proxy", "HTTPS_PROXY", "http_proxy", "no_proxy", "NO_PROXY"] {
      if let value = unsafe getenv(name) { environment[name] = unsafe String(cString: value) }
    }
    do throws(ProxyError) { return try ProxySettings(environment: environment) } catch {
      throw .usage("\(error)")
    }
  }
}
