using System.Text.Json;
using System.Text.Json.Nodes;
using IngressController.Routing.Tests.Golden;
using IngressController.Routing.Translation;
using k8s;
using k8s.Models;

namespace IngressController.Routing.Tests.Invariants;

/// <summary>No object of the API stops the process: damaged documents may fail to decode, but those that decode are translated.</summary>
public sealed class MutationTests
{
    private static readonly string[] WrongTexts =
    [
        "", " ", ".", "..", "*", "*.", "/", "//", "%", "\0", "\n", "\u001b[2J", "\u202e", "\U0001F600", "-1", "0", "70000", "Infinity",
        "[::1]:80", "example.com:80", new string('a', 5_000), string.Concat(Enumerable.Repeat("/..", 500)), new string('.', 300),
        string.Concat(Enumerable.Repeat("\U0001F600", 200)),
    ];

    public static TheoryData<string> Cases => GoldenCase.AllRows;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Damaged_documents_that_decode_are_translated(string name)
    {
        var golden = GoldenCase.Load(name);
        for (var seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            var cluster = new TestCluster();
            foreach (var document in golden.AllDocuments.Select(document => document.DeepClone().AsObject()))
            {
                for (var count = random.Next(3); count > 0; count--)
                    Damage(random, document);
                if (TryDecode(document) is { } resource)
                    cluster.Apply(resource);
            }

            var translation = RoutingTableTranslator.Translate(cluster.Snapshot, golden.Settings);
            Assert.All(translation.CollectDiagnostics(), OutputTests.AssertPrintable);
            Assert.All(
                translation.Table.Backends.Values.SelectMany(backend => backend.Endpoints),
                endpoint => Assert.InRange(endpoint.Port, 1, 65535));
            _ = TableRenderer.Render(translation);
        }
    }

    private static IKubernetesObject<V1ObjectMeta>? TryDecode(JsonObject document)
    {
        try
        {
            return TestCluster.Decode(document);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Damage(Random random, JsonObject document)
    {
        var places = Places(document).ToArray();
        if (places.Length == 0)
            return;
        var (parent, key) = places[random.Next(places.Length)];
        switch (random.Next(6))
        {
            case 0 when parent is JsonObject owner:
                owner.Remove((string)key);
                break;
            case 1 when parent is JsonArray list:
                list.RemoveAt((int)key);
                break;
            case 2:
                Set(parent, key, null);
                break;
            case 3:
                Set(parent, key, random.Next(-1, 100_000));
                break;
            case 4:
                Set(parent, key, random.Next(2) == 0 ? new JsonArray((JsonNode?)null) : new JsonObject());
                break;
            default:
                Set(parent, key, WrongTexts[random.Next(WrongTexts.Length)]);
                break;
        }
    }

    private static void Set(JsonNode parent, object key, JsonNode? value)
    {
        if (parent is JsonObject owner)
            owner[(string)key] = value;
        else
            parent.AsArray()[(int)key] = value;
    }

    private static IEnumerable<(JsonNode Parent, object Key)> Places(JsonNode node) => node switch
    {
        JsonObject owner => owner.SelectMany(member => Below(owner, member.Key, member.Value)),
        JsonArray list => list.SelectMany((item, index) => Below(list, index, item)),
        _ => [],
    };

    private static IEnumerable<(JsonNode Parent, object Key)> Below(JsonNode parent, object key, JsonNode? value) =>
        (value is null ? [] : Places(value)).Append((parent, key));
}
