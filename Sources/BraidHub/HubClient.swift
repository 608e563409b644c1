public import BraidSupport
public import Foundation

/// Downloads models from a Hugging Face hub into the cache that all its clients share.
public struct HubClient {
    let environment: HubEnvironment
    private let connection: HubConnection

    /// Makes a client of the hub and the cache that `environment` names. Nothing is read, and no connection made.
    public init(environment: HubEnvironment) {
        self.environment = environment
        connection = HubConnection(environment)
    }

    /// The folder with the model's files, downloaded as far as the cache lacks them.
    ///
    /// A commit that the cache has whole opens no connection; a branch or a tag asks the hub which commit it is. Where the hub
    /// cannot be reached, or does not let this user in, the commit of the last time is taken and `reporter` told so.
    ///
    /// - Throws: `BraidError`: `.noInput` for what the hub does not have or does not show, `.unavailable` for a hub out of
    ///   reach, `.badData` for a wrong checksum or size, `.cannotCreate` for a cache that cannot be written.
    public func snapshot(of repository: HubRepository, reporter: any Reporter) throws -> URL {
        let cache = HubCache(environment.cache, repository)
        let found = try cache.completeSnapshot(of: repository)
        let cached = found?.url
        if let found, found.isCertain, repository.commit != nil { return found.url }
        guard !environment.isOffline else {
            guard let found else { throw offline(repository, cache) }
            warnIfUncertain(found, repository, reporter)
            return found.url
        }
        let listing: HubListing
        do {
            // What is in the cache is better than a long wait for a hub that is down.
            var policy = environment.retries
            policy.retriesUnreachable = false
            if cached != nil { policy.retries = 0 }
            listing = try policy.run { try connection.listing(of: repository) }
        } catch let failure as Transient {
            guard let cached else { throw unavailable(failure, repository, cache) }
            reporter.note("\(failure.reason); using the cached \(cached.path)")
            found.map { warnIfUncertain($0, repository, reporter) }
            return cached
        } catch let refusal as HubRefusal {
            guard let cached, refusal.kind != .revision else { throw refusal.error }
            reporter.note("\(refusal.error)\nUsing the cached \(cached.path)")
            return cached
        }
        do {
            try HubDownload(repository, listing, cache, connection, reporter).run()
        } catch let failure as Transient {
            throw unavailable(failure, repository, cache)
        } catch let refusal as HubRefusal {
            throw refusal.error
        }
        try cache.note(listing.files, at: listing.commit)
        try cache.remember(listing.commit, as: repository)
        return cache.snapshot(listing.commit)
    }

    private func warnIfUncertain(
        _ found: (url: URL, isCertain: Bool), _ repository: HubRepository, _ reporter: any Reporter
    ) {
        guard !found.isCertain else { return }
        reporter.note(
            "\(found.url.path) was fetched by another program, which did not ask for all that Braid reads: a modules.json with sentence-transformers' pooling, or a preprocessor_config.json, would be missing; with a network, braid models pull \(repository) settles it"
        )
    }

    private func offline(_ repository: HubRepository, _ cache: HubCache) -> BraidError {
        BraidError(
            .noInput,
            "model \(repository): \(cache.lack(of: repository)), and HF_HUB_OFFLINE (or TRANSFORMERS_OFFLINE) forbids downloading. Unset it once, or run on a machine with a network: \(Self.command(repository)), and copy \(cache.folder.path)"
        )
    }

    private func unavailable(_ failure: Transient, _ repository: HubRepository, _ cache: HubCache) -> BraidError {
        let hint =
            failure.isUnreachable
            ? " Check the network, HF_ENDPOINT (\(environment.endpoint.shown)) and the proxy variables; or, where there is a network, run \(Self.command(repository)) and copy \(cache.folder.path)."
            : " Try again later: what has come is kept and continued."
        return BraidError(.unavailable, "model \(repository): cannot be downloaded: \(failure.reason).\(hint)")
    }

    private static func command(_ repository: HubRepository) -> String {
        let revision = repository.revision == "main" ? "" : " --revision \(repository.revision)"
        return "hf download \(repository.id)\(revision)"
    }
}
