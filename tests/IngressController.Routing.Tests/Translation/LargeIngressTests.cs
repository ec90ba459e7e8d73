using System.Diagnostics;
using IngressController.Routing.Cluster;
using IngressController.Routing.Translation;
using k8s.Models;

namespace IngressController.Routing.Tests.Translation;

/// <summary>An Ingress of the maximum size in etcd must not keep the controller busy or exhaust its memory.</summary>
public sealed class LargeIngressTests
{
    [Fact]
    public void An_Ingress_with_very_many_hosts_and_Secrets_is_translated_in_linear_time()
    {
        const int Count = 20_000;
        var ingress = new V1Ingress
        {
            Metadata = new() { Name = "huge" },
            Spec = new()
            {
                Rules = [.. Enumerable.Range(0, Count).Select(i => new V1IngressRule { Host = $"h{i}.example.com" })],
                Tls = [.. Enumerable.Range(0, Count).Select(i => new V1IngressTLS { SecretName = $"s{i}" })],
            },
        };
        var snapshot = ClusterSnapshot.Empty with { Ingresses = ClusterSnapshot.Empty.Ingresses.Add(ingress.ResourceName, ingress) };
        var watch = Stopwatch.StartNew();

        var translation = RoutingTableTranslator.Translate(snapshot, new TranslationSettings { WatchIngressWithoutClass = true });

        Assert.Equal(Count, translation.Table.Hosts.Count);
        // Linear is far below a second; hosts times hosts, or hosts times Secrets, took minutes or all memory.
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(15));
    }
}
