using System.Text.Json;
using System.Text.Json.Nodes;
using IngressController.Kubernetes.Serialization;
using IngressController.Routing.Cluster;
using k8s;
using k8s.Models;

namespace IngressController.Routing.Tests.Golden;

/// <summary>A cluster to apply documents to and delete them from; it records the changes as a source would.</summary>
internal sealed class TestCluster
{
    public ClusterSnapshot Snapshot { get; private set; } = ClusterSnapshot.Empty;

    public ClusterChanges Changes { get; private set; } = new();

    public ClusterChanges TakeChanges()
    {
        var taken = Changes;
        Changes = new ClusterChanges();
        return taken;
    }

    /// <exception cref="JsonException">The document does not decode.</exception>
    public static IKubernetesObject<V1ObjectMeta> Decode(JsonObject document) => document["kind"]?.ToString() switch
    {
        "Ingress" => document.Deserialize(ApiJson.Of<V1Ingress>())!,
        "IngressClass" => document.Deserialize(ApiJson.Of<V1IngressClass>())!,
        "Service" => document.Deserialize(ApiJson.Of<V1Service>())!,
        "EndpointSlice" => document.Deserialize(ApiJson.Of<V1EndpointSlice>())!,
        "Secret" => document.Deserialize(ApiJson.Of<V1Secret>())!,
        "ConfigMap" => document.Deserialize(ApiJson.Of<V1ConfigMap>())!,
        var kind => throw new JsonException($"no kind of this controller: {kind}"),
    };

    public void Apply(JsonObject document) => Apply(Decode(document));

    public void Apply(IKubernetesObject<V1ObjectMeta> resource)
    {
        switch (resource)
        {
            case V1Ingress ingress:
                Snapshot = Snapshot with { Ingresses = Snapshot.Ingresses.SetItem(ingress.ResourceName, ingress) };
                Changes.Ingresses.Add(ingress.ResourceName);
                break;
            case V1IngressClass ingressClass:
                Snapshot = Snapshot with { IngressClasses = Snapshot.IngressClasses.SetItem(ingressClass.ResourceName.Name, ingressClass) };
                Changes.IngressClasses = true;
                break;
            case V1Service service:
                Snapshot = Snapshot with { Services = Snapshot.Services.SetItem(service.ResourceName, service) };
                Changes.Services.Add(service.ResourceName);
                break;
            case V1EndpointSlice slice:
                ApplySlice(slice);
                break;
            case V1Secret secret:
                ApplySecret(secret);
                break;
            case V1ConfigMap configMap:
                Snapshot = Snapshot with { ConfigMaps = Snapshot.ConfigMaps.SetItem(configMap.ResourceName, configMap) };
                Changes.ConfigMaps.Add(configMap.ResourceName);
                break;
        }
    }

    public void Delete(JsonObject document)
    {
        var name = new ResourceName((string?)document["metadata"]?["namespace"] ?? "default", GoldenCase.NameOf(document));
        switch (document["kind"]?.ToString())
        {
            case "Ingress":
                Snapshot = Snapshot with { Ingresses = Snapshot.Ingresses.Remove(name) };
                Changes.Ingresses.Add(name);
                break;
            case "IngressClass":
                Snapshot = Snapshot with { IngressClasses = Snapshot.IngressClasses.Remove(name.Name) };
                Changes.IngressClasses = true;
                break;
            case "Service":
                Snapshot = Snapshot with { Services = Snapshot.Services.Remove(name) };
                Changes.Services.Add(name);
                break;
            case "EndpointSlice":
                if (Snapshot.Endpoints.ServiceOf(name) is { } owner)
                    Changes.Services.Add(owner);
                Snapshot = Snapshot with { Endpoints = Snapshot.Endpoints.Remove(name) };
                break;
            case "Secret":
                Snapshot = Snapshot with { TlsSecrets = Snapshot.TlsSecrets.Remove(name), Secrets = Snapshot.Secrets.Remove(name) };
                Changes.Secrets.Add(name);
                break;
            case "ConfigMap":
                Snapshot = Snapshot with { ConfigMaps = Snapshot.ConfigMaps.Remove(name) };
                Changes.ConfigMaps.Add(name);
                break;
        }
    }

    private void ApplySlice(V1EndpointSlice slice)
    {
        if (Snapshot.Endpoints.ServiceOf(slice.ResourceName) is { } before)
            Changes.Services.Add(before);
        Snapshot = Snapshot with { Endpoints = Snapshot.Endpoints.Set(slice) };
        if (slice.ServiceName is { } now)
            Changes.Services.Add(now);
    }

    private void ApplySecret(V1Secret secret)
    {
        var name = secret.ResourceName;
        Changes.Secrets.Add(name);
        var parsed = TlsSecretParser.Parse(secret).After(Snapshot.TlsSecrets.GetValueOrDefault(name));
        Snapshot = Snapshot with
        {
            TlsSecrets = Snapshot.TlsSecrets.SetItem(name, parsed),
            Secrets = secret.Type == KubernetesVocabulary.TlsSecretType ? Snapshot.Secrets.Remove(name) : Snapshot.Secrets.SetItem(name, secret),
        };
    }
}
