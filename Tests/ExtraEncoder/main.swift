import Braid
import BraidCLI

try EncoderRegistry.register(PatchMixer.builder)
BraidCommand.main()
