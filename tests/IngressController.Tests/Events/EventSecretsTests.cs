using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IngressController.Cli;
using IngressController.Events;
using IngressController.Kubernetes.Serialization;
using IngressController.Routing.Translation;
using IngressController.Sources.Folder;
using k8s.Models;

namespace IngressController.Tests.Events;

/// <summary>Events contain no secrets: users that may read Events often may not read Secrets.</summary>
public sealed class EventSecretsTests
{
    private static readonly EventReporterIdentity Reporter = new("yarp.ingress.kubernetes.io/controller", "pod");

    /// <summary>Covers all golden cases of the translation.</summary>
    [Fact]
    public void No_Event_contains_the_content_of_a_Secret()
    {
        var (events, secrets) = (0, 0);
        foreach (var file in Directory.EnumerateFiles(Cases(), "in*.yaml", SearchOption.AllDirectories))
        {
            var lines = SecretLines(file).ToArray();
            secrets += lines.Length;
            foreach (var item in EventsOf(file))
            {
                events++;
                var text = JsonSerializer.Serialize(item, ApiJson.Of<Eventsv1Event>());
                Assert.All(lines, line => Assert.False(text.Contains(line, StringComparison.Ordinal), $"{file}: {item.Note}"));
                Assert.InRange(Encoding.UTF8.GetByteCount(item.Note!), 1, EventText.MaxNoteBytes);
            }
        }

        Assert.InRange(events, 200, int.MaxValue);
        Assert.InRange(secrets, 200, int.MaxValue);
    }

    private static IEnumerable<Eventsv1Event> EventsOf(string file)
    {
        var objects = Manifest.Read(file, File.ReadAllBytes(file)).Objects;
        var settings = new TranslationSettings();
        var live = RoutingTableTranslator.Translate(ManifestSnapshot.Of(ManifestSet.Of(objects, ManifestSet.ImplicitClass(settings))).Cluster, settings);
        var seen = new EventObservation(live.CollectDiagnostics(), subject => EventObject.Find(live, subject), EventScript.Start);
        return EventPlanner.Plan(EventState.Initial, seen, int.MaxValue).Writes.Select(write => EventText.ToEvent(write, Reporter));
    }

    /// <summary>Returns the lines of Secrets that are longer than a word and not part of a certificate, which is public.</summary>
    private static IEnumerable<string> SecretLines(string file)
    {
        var secrets = KubernetesYaml.LoadAll(new StringReader(File.ReadAllText(file)))
            .Select(document => document.Root as JsonObject).Where(item => item?["kind"]?.ToString() == "Secret");
        foreach (var secret in secrets)
        {
            var texts = Pairs(secret!["stringData"]).Concat(Pairs(secret["data"]).Select(pair => (pair.Name, Text: Decode(pair.Text)))).ToArray();
            var certificates = string.Concat(texts.Where(pair => pair.Name == "tls.crt").Select(pair => pair.Text));
            foreach (var line in texts.Where(pair => pair.Name != "tls.crt").SelectMany(pair => pair.Text.Split('\n')))
            {
                if (line.Length > 15 && !certificates.Contains(line, StringComparison.Ordinal))
                    yield return line;
            }
        }
    }

    private static IEnumerable<(string Name, string Text)> Pairs(JsonNode? map) =>
        map is JsonObject entries ? entries.Select(entry => (entry.Key, entry.Value?.ToString() ?? "")) : [];

    private static string Decode(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : "";
    }

    private static string Cases([CallerFilePath] string thisFile = "") =>
        Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "IngressController.Routing.Tests", "Cases");
}
