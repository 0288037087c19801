package import Documents
import Jobs
import OrderedCollections

/// What a reload of the configuration needs: which limiters to keep, and the files and keys that settings refer to.
extension ModelSettings {
    /// Models with the same key share a limiter, so that a rest or a stop of one holds for the other.
    ///
    /// It holds what a server counts calls by: the model and its server, the key's reference, headers and limits. Other
    /// settings (parameters, prices, timeouts) do not change that count.
    package var limiterKey: JSON {
        JSON(members: [
            ("name", .string(name)), ("who", .array(source.members.compactMap(\.1))), ("api_key", apiKey?.json),
            ("headers", JSON(members: connection.members)["headers"]), ("limits", limits.json),
            ("patience", .string(patience.text)),
        ])
    }

    /// A digest of the file that the settings name, a script or authorities; it blocks.
    ///
    /// - Returns: Nil when they name no file, or when it cannot be read; making the model reports that error.
    package func contentsDigest(in directory: String) -> String? {
        guard let file = source.file(connection),
            let bytes = try? BoundedFile.read(BoundedFile.resolve(file.path, in: directory), max: file.bytesMax)
        else { return nil }
        return StableHash.text(of: bytes)
    }

    /// Checks that the key and the values of headers can be read now.
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
