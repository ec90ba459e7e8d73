using IngressController.Routing.Cluster;
using k8s.Models;

namespace IngressController.Routing.Tests.Cluster;

public sealed class EndpointIndexTests
{
    private static readonly ResourceName Web = new("default", "web");

    [Fact]
    public void Slices_are_ordered_by_name()
    {
        var index = EndpointIndex.Empty.Set(Slice("c", "web")).Set(Slice("a", "web")).Set(Slice("b", "web"));
        Assert.Equal(["a", "b", "c"], index.Of(Web).Select(slice => slice.Metadata!.Name));
    }

    [Fact]
    public void A_slice_moves_with_its_label()
    {
        var index = EndpointIndex.Empty.Set(Slice("a", "web")).Set(Slice("a", "api"));
        Assert.Empty(index.Of(Web));
        Assert.Single(index.Of(Web with { Name = "api" }));
        Assert.Equal([Web with { Name = "api" }], index.ServiceNames);
    }

    [Theory]
    [InlineData("a")]
    [InlineData(null)]
    public void A_slice_without_a_name_can_be_replaced_and_removed(string? name)
    {
        var index = EndpointIndex.Empty.Set(Slice(name, "web")).Set(Slice(name, "web"));
        Assert.Single(index.Of(Web));
        index = index.Set(Slice(name, label: null));
        Assert.Empty(index.SliceNames);
        Assert.Empty(index.ServiceNames);
        Assert.Same(index, index.Remove(Web));
    }

    private static V1EndpointSlice Slice(string? name, string? label) => new()
    {
        Metadata = new()
        {
            Name = name,
            Labels = label is null ? null : new Dictionary<string, string> { [KubernetesVocabulary.ServiceNameLabel] = label },
        },
    };
}
