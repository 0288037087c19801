import Documents
import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// One JSON value and a line feed.
    static func json(_ json: JSON, status: HTTPResponse.Status = .ok) -> Response {
        var buffer = ByteBuffer(bytes: json.bytes)
        buffer.writeInteger(UInt8(ascii: "\n"))
        return bytes(buffer, "application/json", status: status)
    }

    static func bytes(_ buffer: ByteBuffer, _ type: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: buffer))
    }

    static func text(_ text: String, _ type: String = "text/plain; charset=utf-8") -> Response {
        bytes(ByteBuffer(string: text), type)
    }
}
