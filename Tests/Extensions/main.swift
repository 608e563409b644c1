import Braid
import BraidCLI

try EncoderRegistry.register(PatchMixer.builder)
try FusionKind.registry.register(MeanFusion.kind)
try HeadKind.registry.register(CentroidHead.kind)
try TaskKind.registry.register(OrdinalTask.kind)
try Metric.registry.register(.surprise)
try PluginKind.registry.register(EmbeddingPenalty.kind)
try AugmentationKind.registry.register(Grey.kind)
try Numbers.register()
BraidCommand.main()
