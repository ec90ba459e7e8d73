using System.Text.Json.Nodes;
using IngressController.Routing.Tests.Golden;
using IngressController.Routing.Translation;

namespace IngressController.Routing.Tests.Invariants;

/// <summary>The order in which objects arrive has no effect.</summary>
public sealed class OrderTests
{
    public static TheoryData<string> Cases => GoldenCase.AllRows;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Shuffled_documents_give_the_same_table(string name)
    {
        var golden = GoldenCase.Load(name);
        var expected = TableRenderer.Render(golden.Translate());
        for (var seed = 0; seed < 5; seed++)
        {
            var random = new Random(seed);
            var shuffled = golden with { Steps = [.. golden.Steps.Select(step => Shuffle(random, step))] };
            Assert.Equal(expected, TableRenderer.Render(shuffled.Translate()));
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Single_documents_with_deletes_between_give_the_same_table(string name)
    {
        var golden = GoldenCase.Load(name);
        var expected = TableRenderer.Render(golden.Translate());
        for (var seed = 0; seed < 5; seed++)
        {
            var random = new Random(seed);
            var cluster = new TestCluster();
            var translation = Routing.Translation.Translation.Empty(golden.Settings);
            foreach (var step in golden.Steps)
            {
                foreach (var (document, isDelete) in Detours(random, step, deleteSecrets: golden.Steps.Count == 1))
                {
                    if (isDelete)
                        cluster.Delete(document);
                    else
                        cluster.Apply(document);
                    // Sometimes several changes come at once.
                    if (random.Next(4) > 0)
                        translation = Follow(translation, cluster);
                }
            }

            Assert.Equal(expected, TableRenderer.Render(Follow(translation, cluster)));
        }
    }

    private static Routing.Translation.Translation Follow(Routing.Translation.Translation before, TestCluster cluster)
    {
        var after = RoutingTableTranslator.Translate(before, cluster.Snapshot, cluster.TakeChanges());
        TranslationAssert.Incremental(before, after);
        return after;
    }

    /// <summary>
    /// Every document applied, some deleted and applied again. A Secret of a case in steps stays: deleting it would lose its last valid
    /// certificate.
    /// </summary>
    private static IEnumerable<(JsonObject Document, bool IsDelete)> Detours(Random random, IReadOnlyList<JsonObject> documents, bool deleteSecrets)
    {
        var applied = new List<JsonObject>();
        foreach (var document in Shuffle(random, documents))
        {
            yield return (document, false);
            applied.Add(document);
            var victim = applied[random.Next(applied.Count)];
            if (random.Next(2) == 0 && (deleteSecrets || !GoldenCase.IsKind(victim, "Secret")))
            {
                yield return (victim, true);
                yield return (victim, false);
            }
        }
    }

    private static JsonObject[] Shuffle(Random random, IReadOnlyList<JsonObject> documents)
    {
        var shuffled = documents.ToArray();
        random.Shuffle(shuffled);
        return shuffled;
    }
}
