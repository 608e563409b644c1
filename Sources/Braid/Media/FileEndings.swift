/// What the names of media end in, in lower case, as people call their files: what a file is its first bytes say.
enum FileEndings {
    /// Of pictures.
    static let pictures: Set<String> = ["png", "jpg", "jpeg", "jpe", "webp", "bmp", "gif", "tif", "tiff", "heic", "heif", "avif"]
    /// Of recordings, and of films, of which the sound is taken.
    static let recordings: Set<String> = [
        "wav", "flac", "ogg", "oga", "opus", "mp3", "aiff", "aif", "aifc", "w64", "caf", "au", "m4a", "m4b", "aac", "mp4", "mov",
        "webm", "mkv", "mka", "wma", "amr", "3gp",
    ]
    /// Of texts.
    static let texts: Set<String> = ["txt"]
    /// Of any of them.
    static let all = pictures.union(recordings).union(texts)
}
