using IngressController.Kubernetes.Serialization;
using IngressController.Kubernetes.Watching;
using IngressController.Routing.Cluster;
using IngressController.Routing.Translation;
using IngressController.Sources;
using k8s;
using k8s.Models;

namespace IngressController.Tests.FullStack;

/// <summary>
/// The store records all changes, so that an incremental translation gives the same result as a full one. The changes are random and use
/// few names, so that objects often reference each other.
/// </summary>
public sealed class IncrementalTranslationTests
{
    private static readonly string[] Namespaces = ["x", "y"];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Incremental_translation_equals_full_translation(int seed)
    {
        var random = new Random(seed);
        var store = new ClusterStore();
        var settings = new TranslationSettings { DefaultBackendService = new("x", "a"), DefaultSslCertificate = new("y", "t") };
        var live = Translation.Empty(settings);
        for (var pass = 0; pass < 60; pass++)
        {
            for (var i = random.Next(1, 5); i > 0; i--)
                Change(store, random);
            var (snapshot, changes) = store.Take()!.Value;
            live = RoutingTableTranslator.Translate(live, snapshot, changes);
            Assert.Equal(Describe(RoutingTableTranslator.Translate(snapshot, settings)), Describe(live));
        }
    }

    private static void Change(ClusterStore store, Random random)
    {
        switch (random.Next(8))
        {
            case 0:
                Change(store, random, ClusterKinds.IngressClasses, null, (_, name) => ClusterObjects.Class(name, random.Next(3) > 0), "yarp", "other");
                break;
            case 1 or 2 or 3:
                Change(store, random, ClusterKinds.Ingresses, Pick(random, Namespaces), (ns, name) => Ingress(random, ns!, name), "i", "j", "k");
                break;
            case 4:
                Change(
                    store, random, ClusterKinds.Services, Pick(random, Namespaces),
                    (ns, name) => ClusterObjects.Service(ns!, name, random.Next(4) > 0 ? 80 : 81), "a", "b");
                break;
            case 5 or 6:
                Change(
                    store, random, ClusterKinds.EndpointSlices, Pick(random, Namespaces),
                    (ns, name) => ClusterObjects.Slice(ns!, name, Pick(random, "a", "b", null), random.Next(8080, 8083)), "s", "t");
                break;
            default:
                Change(
                    store, random, ClusterKinds.Secrets, Pick(random, Namespaces),
                    (ns, name) => ClusterObjects.Secret(ns!, name, random.Next(3), Pick(random, KubernetesVocabulary.TlsSecretType, KubernetesVocabulary.TlsSecretType, "Opaque")), "s", "t");
                break;
        }
    }

    private static V1Ingress Ingress(Random random, string ns, string name) => ClusterObjects.Ingress(
        ns, name, Pick(random, "one.example", "two.example", "*.example"), Pick(random, "a", "b", "c"), Pick(random, "/", "/p"),
        Pick(random, "yarp", "yarp", "other"), Pick(random, null, "s", "t"));

    private static void Change<T>(
        ClusterStore store, Random random, ClusterKind<T> kind, string? ns, Func<string?, string, T> make, params string[] names)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        ResourceChange<T> change = random.Next(10) switch
        {
            < 5 => new ResourceChange<T>.Applied(make(ns, Pick(random, names))),
            < 8 => new ResourceChange<T>.Deleted(make(ns, Pick(random, names))),
            // A new list of this namespace: each object exists, is deleted or does not decode.
            _ => Replaced(),
        };
        store.Apply(kind, ns, "", change);

        ResourceChange<T>.Replaced Replaced()
        {
            var states = names.Select(name => (Name: name, State: random.Next(3))).ToArray();
            return new(
                [.. states.Where(item => item.State == 0).Select(item => make(ns, item.Name))],
                [.. states.Where(item => item.State == 1).Select(item => new UndecodableObject(ns, item.Name, null, "broken"))]);
        }
    }

    private static T Pick<T>(Random random, params T[] values) => values[random.Next(values.Length)];

    /// <summary>Returns the routing table and all diagnostics as lines in a stable order.</summary>
    private static string Describe(Translation translation) => string.Join(
        '\n',
        [
            .. translation.Table.Hosts.Values.Select(host => $"{host}").Order(StringComparer.Ordinal),
            .. translation.Table.Backends.Values.Select(backend => $"{backend}").Order(StringComparer.Ordinal),
            .. translation.Table.TlsBindings.Values.Select(binding => $"{binding.Host} {binding.Secret} {binding.Certificate?.Fingerprint}")
                .Order(StringComparer.Ordinal),
            $"{translation.Table.DefaultRoute} {translation.Table.DefaultCertificate?.Certificate?.Fingerprint} {translation.ClaimedIngresses}",
            .. translation.CollectDiagnostics().Select(diagnostic => $"{diagnostic}"),
        ]);
}
