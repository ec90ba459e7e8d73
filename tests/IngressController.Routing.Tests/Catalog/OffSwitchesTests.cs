using IngressController.Routing.Annotations;
using IngressController.Routing.Catalog;

namespace IngressController.Routing.Tests.Catalog;

public sealed class OffSwitchesTests
{
    /// <summary>A name that is misspelt, or supported by now, would be silent for the wrong reason.</summary>
    [Fact]
    public void Every_annotation_with_a_switch_is_known_and_not_supported() =>
        Assert.All(OffSwitches.Names, name => Assert.False(RouteFeatures.Catalog.Annotations.Find(name)!.IsSupported, name));
}
