package import Jobs
import OrderedCollections

/// What of a model outlives a change of the configuration, and what the configuration only names.
extension ModelSettings {
    /// Models that agree in this have one lane: what a server said of its quota, and a stop, hold for both.
    ///
    /// It is who is asked, with which key, and how much may be asked. Whatever else changes (parameters, prices,
    /// time-outs), the server counts the calls as before.
    package var laneKey: JSON {
        let who: JSON
        switch provider {
        case .http(let dialect, let endpoint, let model):
            let name: JSON = dialect == .openAI ? "openai" : "anthropic"
            who = [name, .string(endpoint.text), .string(model)]
        case .scripted(let script): who = ["scripted", .string(script)]
        }
        return JSON(members: [
            ("name", .string(name)), ("who", who), ("api_key", apiKey?.json),
            ("headers", JSON(members: connection.members)["headers"]), ("limits", limits.json),
            ("patience", .string(patience.text)),
        ])
    }

    /// A digest of the file that the settings name, a script or authorities; nil where they name none, or where it cannot
    /// be read, which making the model tells. Blocking.
    package func contentsDigest(in directory: String) -> String? {
        let (path, most): (String?, Int)
        switch provider {
        case .http: (path, most) = (connection.authorities, ModelConnections.authoritiesBytesMax)
        case .scripted(let script): (path, most) = (script, ScriptedModel.scriptBytesMax)
        }
        guard let path, let bytes = try? BoundedFile.read(BoundedFile.resolve(path, in: directory), max: most) else {
            return nil
        }
        return StableHash.text(of: bytes)
    }

    /// Sees that the key, and what headers say, can be read now.
    ///
    /// - Throws: ``DocumentError`` naming the member of the configuration, and never showing a value.
    package func checkKeys(environment: [String: String], baseDirectory: String) async throws(DocumentError) {
        if let apiKey {
            let key = APIKey(apiKey, environment: environment, baseDirectory: baseDirectory)
            do throws(Failure) { _ = try await key.value() } catch { throw unreadable(["api_key"], error) }
        }
        for (header, value) in connection.headers {
            let header = ConfiguredHeader(header, value, environment: environment, baseDirectory: baseDirectory)
            do throws(Failure) {
                _ = try await header.value()
            } catch {
                throw unreadable(["headers", header.name], error)
            }
        }
    }

    private func unreadable(_ member: [String], _ failure: Failure) -> DocumentError {
        DocumentError(path: ["models", name] + member, reason: failure.message)
    }
}
