using IngressController.ClusterTests.Fixture;
using IngressController.Sources.Folder;
using IngressController.Tests.Folder;

namespace IngressController.ClusterTests;

/// <summary>Manifests are judged as the API server judges them.</summary>
[Collection(ClusterCollection.Name)]
public sealed class AdmissionTests(ClusterFixture cluster)
{
    [ClusterFact]
    public async Task API_server_and_manifests_refuse_the_same_objects()
    {
        var ns = await cluster.NewNamespaceAsync();
        var cases = AdmissionCase.All.Concat(cluster.Capabilities.Serves("discovery.k8s.io/v1") ? AdmissionCase.Slices : []);
        var differences = new List<string>();
        foreach (var (text, _) in cases)
        {
            var reason = await cluster.Client.RejectionReasonAsync(text, ns);
            var isRefused = Manifest.Read("file.yaml", new StringReader(text)).Objects.IsEmpty;
            if (isRefused != (reason is not null))
                differences.Add($"{text[..Math.Min(text.Length, 300)]}\n  API server: {reason ?? "admits it"}");
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }
}
