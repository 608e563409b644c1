internal import BraidSupport
public import Foundation

/// A service on the web that takes and gives JSON: requests that wait for their whole answer.
public final class JSONService: Sendable {
    /// What came back.
    public struct Answer: Sendable {
        /// The HTTP status.
        public let status: Int
        /// The body.
        public let body: Data

        /// Whether the service did what was asked.
        public var isGood: Bool { (200..<300).contains(status) }
    }

    private let session = HTTPSession()
    private let address: URL
    private let authorization: String?
    private let timeout: Double

    /// - Parameters:
    ///   - address: Where the service is; paths are put behind it.
    ///   - authorization: The header of that name; nil: none is sent.
    ///   - timeout: The longest silence of the service, in seconds.
    public init(_ address: URL, authorization: String? = nil, timeout: Double = 30) {
        (self.address, self.authorization, self.timeout) = (address, authorization, timeout)
    }

    /// Sends a request and waits for the answer, whatever its status is.
    ///
    /// - Parameters:
    ///   - method: For example `POST`.
    ///   - path: Behind the service's address, without a slash before it.
    ///   - query: Names and values behind the path.
    ///   - body: What is sent; nil: nothing.
    ///   - type: What the body is.
    /// - Throws: `BraidError` where there is no answer; it names the service's host and port alone.
    public func send(
        _ method: String, _ path: String, query: [(name: String, value: String)] = [], _ body: Data? = nil,
        type: String = "application/json"
    ) throws -> Answer {
        var parts = URLComponents(url: address.appendingPathComponent(path), resolvingAgainstBaseURL: false)
        if !query.isEmpty { parts?.queryItems = query.map { URLQueryItem(name: $0.name, value: $0.value) } }
        guard let url = parts?.url else { throw BraidError(.usage, "\(path): no address can be made of it") }
        var headers = ["Accept": "application/json"]
        headers["Authorization"] = authorization
        if body != nil { headers["Content-Type"] = type }
        do throws(HTTPFailure) {
            let reply = try session.send(
                HTTPRequest(method: method, url: url, headers: headers, body: body, timeout: timeout, limit: 16 << 20))
            return Answer(status: reply.status, body: try reply.text())
        } catch {
            let place = (address.host ?? "the host") + (address.port.map { ":\($0)" } ?? "")
            throw BraidError(.unavailable, "\(place): \(error.reason)")
        }
    }
}
