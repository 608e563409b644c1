import Foundation

/// Files that another program cuts short while they are in use.
///
/// Weights and embeddings are read where they lie: their files are mapped into memory, and memory behind the end of a file that has become
/// shorter ends the process by SIGBUS at whatever it is doing.
enum CutFiles {
    /// Lets the process end with 66 and a line that names the file, and not without a word.
    static func sayWhich() {
        var action = sigaction()
        action.sa_flags = SA_SIGINFO
        action.__sigaction_handler.sa_sigaction = { _, info, _ in
            // What follows is more than a handler may do at any moment. Should it wait for what this thread holds, the alarm ends it.
            alarm(2)
            let address = info.map { UInt(bitPattern: $0.pointee._sifields._sigfault.si_addr) } ?? 0
            let file = CutFiles.file(at: address) ?? "a file"
            StandardStreams.tell(
                "error: \(file): was cut short while it was in use; put the whole file back, and run the command again, a training with --resume\n"
            )
            _exit(66)
        }
        sigaction(SIGBUS, &action, nil)
    }

    /// The file that is mapped where `address` lies, or, where that is not known, one that has become shorter than what is mapped of it.
    private static func file(at address: UInt) -> String? {
        // Line by line, for the system gives a part at a time, and Foundation takes the first for the whole.
        guard let maps = fopen("/proc/self/maps", "r") else { return nil }
        defer { fclose(maps) }
        var shorter: String?
        var (bytes, capacity): (UnsafeMutablePointer<CChar>?, Int) = (nil, 0)
        while getline(&bytes, &capacity, maps) > 0, let bytes {
            let line = String(cString: bytes)
            // 7f0c8a000000-7f0c8a021000 rw-p 00000000 08:02 173521 /home/user/model.safetensors
            let parts = line.split(separator: " ", maxSplits: 5)
            let ends = (parts.first ?? "").split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard ends.count == 2, ends[0] < ends[1], parts.count == 6, let offset = UInt(parts[2], radix: 16) else { continue }
            let path = parts[5].trimmingCharacters(in: .whitespacesAndNewlines)
            if (ends[0]..<ends[1]).contains(address) { return path }
            var status = stat()
            let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
            if path.hasPrefix("/"), stat(path, &status) == 0, UInt(status.st_size) + page <= offset + (ends[1] - ends[0]) {
                shorter = path
            }
        }
        return shorter
    }
}
