internal import BraidSupport
internal import Foundation

/// Requests to the hub: who is given the token, which redirects are followed, what a status means.
final class HubConnection {
    enum Redirects {
        /// Those within the endpoint's host; another is the reply.
        case withinEndpoint
        case everywhere
    }

    private static let longestChain = 10
    let environment: HubEnvironment
    // Made by the first request, so that nothing is opened for what the cache has.
    private lazy var session = HTTPSession()

    init(_ environment: HubEnvironment) { self.environment = environment }

    /// An address of the endpoint; each part is escaped as a whole, slashes too.
    func url(_ parts: [String]) throws -> URL {
        let path = parts.map { $0.addingPercentEncoding(withAllowedCharacters: .unreserved) ?? "" }.joined(separator: "/")
        let base = environment.endpoint.absoluteString
        guard let url = URL(string: base.hasSuffix("/") ? base + path : "\(base)/\(path)") else {
            throw BraidError(.internal, "no address can be made of \(path)")
        }
        return url
    }

    /// Sends one request and follows its redirects by hand: the token goes to the endpoint's own host and to no other.
    ///
    /// Throws `Transient` where it is worth another try; a refusal (4xx) is a reply.
    func send(
        _ url: URL, method: String = "GET", headers: [String: String] = [:], timeout: Double, limit: Int = 64 << 20,
        redirects: Redirects = .everywhere
    ) throws -> HTTPReply {
        guard !environment.isOffline else {
            throw BraidError(.unavailable, "\(url.shown): not asked for, since HF_HUB_OFFLINE is set")
        }
        var target = url
        for _ in 0...Self.longestChain {
            var headers = headers.merging(["User-Agent": "braid/\(Version.current)"]) { $1 }
            if let token = environment.token, isOwn(target) { headers["Authorization"] = "Bearer \(token)" }
            let reply: HTTPReply
            do throws(HTTPFailure) {
                reply = try session.send(
                    HTTPRequest(method: method, url: target, headers: headers, timeout: timeout, limit: limit))
            } catch {
                throw Transient(reason: "\(target.shown): \(error.reason)", isUnreachable: error.isUnreachable)
            }
            guard [301, 302, 303, 307, 308].contains(reply.status), let location = reply["Location"] else {
                return try checked(reply)
            }
            let next = try self.next(location, from: target)
            if redirects == .withinEndpoint, !isOwn(next) { return reply }
            target = next
        }
        throw BraidError(.unavailable, "\(url.shown): gave up after \(Self.longestChain) redirects; check HF_ENDPOINT")
    }

    /// Where a redirect leads, if one may go there.
    func next(_ location: String, from url: URL) throws -> URL {
        guard let next = URL(string: location, relativeTo: url)?.absoluteURL, let scheme = next.scheme?.lowercased(),
            next.host?.isEmpty == false,
            ["http", "https"].contains(scheme)
        else { throw BraidError(.unavailable, "\(url.shown): redirects to what is no web address") }
        guard scheme == "https" || url.scheme?.lowercased() == "http" else {
            throw BraidError(.unavailable, "\(url.shown): redirects from https to \(next.shown), which is not followed")
        }
        return next
    }

    private func checked(_ reply: HTTPReply) throws -> HTTPReply {
        guard reply.status == 408 || reply.status == 429 || reply.status >= 500 else { return reply }
        let wait = RetryPolicy.seconds(retryAfter: reply["Retry-After"])
        let asks = wait.map { $0 > environment.retries.longest ? ", and asks to wait \(Int($0)) s" : "" } ?? ""
        throw Transient(reason: "\(reply.url.shown): the server answered \(reply.status)\(asks)", wait: wait)
    }

    /// Whether `url` is on the endpoint's host and port, and not less secure than the endpoint.
    private func isOwn(_ url: URL) -> Bool {
        let own = environment.endpoint
        guard url.host?.lowercased() == own.host?.lowercased() else { return false }
        return (url.scheme == own.scheme && url.effectivePort == own.effectivePort)
            || (own.effectivePort == 80 && url.effectivePort == 443)
    }
}

extension URL {
    /// The address without its query, which may hold a signature.
    var shown: String {
        let text = absoluteString
        return String(text[..<(text.firstIndex(of: "?") ?? text.endIndex)])
    }

    fileprivate var effectivePort: Int { port ?? (scheme?.lowercased() == "https" ? 443 : 80) }
}

extension CharacterSet {
    /// RFC 3986's unreserved characters.
    fileprivate static let unreserved = CharacterSet(
        charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
}
