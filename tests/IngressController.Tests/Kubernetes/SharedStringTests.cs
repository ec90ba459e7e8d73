using System.Text.Json;
using IngressController.Kubernetes.Serialization;
using k8s.Models;

namespace IngressController.Tests.Kubernetes;

public sealed class SharedStringTests
{
    [Fact]
    public void Objects_of_a_namespace_share_its_name()
    {
        var one = Decode("""{"metadata":{"namespace":"team-\u0061","name":"one"}}""");
        var two = Decode("""{"metadata":{"namespace":"team-a","name":"two"}}""");
        Assert.Equal("team-a", one.Metadata!.NamespaceProperty);
        Assert.Same(one.Metadata.NamespaceProperty, two.Metadata!.NamespaceProperty);
    }

    [Fact]
    public void Null_and_long_and_many_values_decode_unchanged()
    {
        Assert.Null(Decode("""{"metadata":{"namespace":null}}""").Metadata!.NamespaceProperty);
        var texts = Enumerable.Range(0, 5_000).Select(i => $"ns-{i}").Append(new string('x', 64)).Append(new string('x', 65)).Append("").Append("Zürich");
        Assert.All(texts, text => Assert.Equal(text, Decode($$$"""{"metadata":{"namespace":"{{{text}}}"}}""").Metadata!.NamespaceProperty));
    }

    [Fact]
    public void A_number_is_not_a_string() =>
        Assert.Throws<JsonException>(() => Decode("""{"metadata":{"namespace":7}}"""));

    private static V1Ingress Decode(string json) => JsonSerializer.Deserialize(json, ApiJson.Of<V1Ingress>())!;
}
