/// What the names of media end in, in lower case, as people call their files: what a file is its first bytes say.
enum FileEndings {
    /// Of pictures, those of formats included that are named and not read.
    static let pictures: Set<String> = ["png", "jpg", "jpeg", "jpe", "webp", "bmp", "gif", "tif", "tiff"]
    /// Of recordings.
    static let recordings: Set<String> = ["wav", "flac", "ogg", "oga", "opus", "mp3", "aiff", "aif", "aifc", "w64", "caf", "au"]
    /// Of texts.
    static let texts: Set<String> = ["txt"]
}
