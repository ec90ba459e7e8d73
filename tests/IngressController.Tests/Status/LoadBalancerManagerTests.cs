using System.Text.Json;
using IngressController.Kubernetes.Resources;
using IngressController.Kubernetes.Serialization;
using k8s.Models;

namespace IngressController.Tests.Status;

/// <summary>
/// Only the writer of <c>status.loadBalancer.ingress</c> is kept from <c>managedFields</c>, and no content of it makes an Ingress
/// undecodable.
/// </summary>
public sealed class LoadBalancerManagerTests
{
    [Theory]
    [InlineData("""[{"manager":"a","operation":"Update","fieldsV1":{"f:status":{"f:loadBalancer":{"f:ingress":{}}}}}]""", "a")]
    [InlineData("""[{"fieldsV1":{"f:spec":{"f:rules":{}},"f:status":{"f:loadBalancer":{"f:ingress":{}}}},"manager":"late"}]""", "late")]
    [InlineData("""[{"manager":"b","fieldsV1":{"f:spec":{"f:status":{"f:loadBalancer":{"f:ingress":{}}}}}},{"manager":"a","fieldsV1":{"f:status":{"f:loadBalancer":{".":{},"f:ingress":{}}}}}]""", "a")]
    [InlineData("""[{"manager":"create","fieldsV1":{"f:status":{"f:loadBalancer":{}}}},{"manager":"a","fieldsV1":{"f:status":{"f:loadBalancer":{"f:ingress":{}}}}}]""", "a")]
    [InlineData("""[{"manager":"a","fieldsV1":{"f:status":{"f:loadBalancer":{"f:ingress":{}}}}},{"manager":"b","fieldsV1":{"f:status":{"f:loadBalancer":{"f:ingress":{}}}}}]""", null)]
    [InlineData("""[{"manager":"a","fieldsV1":{"f:metadata":{"f:annotations":{"f:ingress":{}}}}}]""", null)]
    [InlineData("""[{"fieldsV1":{"f:status":{"f:loadBalancer":{"f:ingress":{}}}}}]""", null)]
    [InlineData("""[{"manager":7,"fieldsV1":[{"f:status":1}]},3,null,["x",{"y":[]}],{}]""", null)]
    [InlineData("[]", null)]
    [InlineData("null", null)]
    [InlineData("\"nonsense\"", null)]
    [InlineData("""{"manager":"a"}""", null)]
    public void Single_writer_of_the_list_is_kept(string managedFields, string? expected)
    {
        var ingress = Decode(
            """{"metadata":{"name":"i","managedFields":MANAGED,"uid":"u"},"status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.9"}]}}}"""
                .Replace("MANAGED", managedFields, StringComparison.Ordinal));
        Assert.Equal((expected, "u", "203.0.113.9"), (ingress.Metadata!.LoadBalancerManager, ingress.Metadata.Uid, ingress.Status!.LoadBalancer!.Ingress!.Single().Ip));
        Assert.Equal(expected, Decode(JsonSerializer.Serialize(ingress, ApiJson.Of<V1Ingress>())).Metadata!.LoadBalancerManager);
    }

    private static V1Ingress Decode(string json) => JsonSerializer.Deserialize(json, ApiJson.Of<V1Ingress>())!;
}
