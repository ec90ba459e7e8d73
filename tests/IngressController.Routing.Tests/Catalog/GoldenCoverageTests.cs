using System.Text.Json.Nodes;
using IngressController.Routing.Annotations;
using IngressController.Routing.Catalog;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;
using IngressController.Routing.Tests.Golden;

namespace IngressController.Routing.Tests.Catalog;

/// <summary>Every supported annotation has a golden case in which it has an effect, and one in which it is invalid.</summary>
public sealed class GoldenCoverageTests
{
    private static readonly Lazy<(HashSet<string> Good, HashSet<string> Told)> Covered = new(Cover);

    /// <summary>Accepted with any value, and always reported as without effect.</summary>
    private const string Idle = "output-cache-policy";

    public static TheoryData<string> Names => [.. RouteFeatures.Catalog.Annotations.Groups.SelectMany(group => group.Keys).Where(key => key.IsSupported).Select(key => key.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void An_annotation_has_an_effect_in_a_golden_case(string name) => Assert.True(
        Covered.Value.Good.Contains(name) != (name == Idle), $"no golden case sets {name} to a value that counts: add one below Cases/");

    [Theory]
    [MemberData(nameof(Names))]
    public void An_annotation_is_invalid_in_a_golden_case(string name) => Assert.True(
        Covered.Value.Told.Contains(name), $"no golden case sets {name} to a value that is told to be invalid: add one below Cases/");

    /// <summary>The annotations that are set without a problem in some case, and those with an invalid value in one.</summary>
    private static (HashSet<string> Good, HashSet<string> Told) Cover()
    {
        HashSet<string> good = [], told = [];
        foreach (var golden in GoldenCase.AllNames.Select(GoldenCase.Load))
        {
            var translation = golden.Translate();
            var problems = translation.CollectDiagnostics()
                .Where(diagnostic => diagnostic.Code is DiagnosticCode.AnnotationInvalid or DiagnosticCode.AnnotationWithoutEffect or DiagnosticCode.AnnotationOverridden)
                .ToLookup(diagnostic => (diagnostic.Subject.Name.ToString(), diagnostic.Field));
            // Read values are recorded with the routes, so an Ingress that is not claimed, or of which a feature reads nothing, covers
            // nothing.
            var read = translation.Table.Hosts.Values.SelectMany(host => host.Default is { } route ? host.Routes.Append(route) : host.Routes)
                .SelectMany(route => (route.Action as RouteAction.Forward)?.Canaries.Select(canary => (canary.Origin, canary.Policies)).Append((route.Origin, route.Policies))
                    ?? [(route.Origin, route.Policies)])
                .SelectMany(read => read.Policies.Sources.Select(source => (read.Origin.Ingress.ToString(), source.Origin)))
                .ToHashSet();
            foreach (var ingress in golden.AllDocuments.Where(document => GoldenCase.IsKind(document, "Ingress")))
            {
                var name = $"{(string?)ingress["metadata"]?["namespace"] ?? "default"}/{GoldenCase.NameOf(ingress)}";
                foreach (var full in (ingress["metadata"]?["annotations"] as JsonObject ?? []).Select(annotation => annotation.Key))
                {
                    if (RouteFeatures.Catalog.Annotations.Find(full[(full.IndexOf('/', StringComparison.Ordinal) + 1)..]) is not { } key)
                        continue;
                    var found = problems[(name, $"metadata.annotations[{full}]")].ToArray();
                    if (found.Length == 0 && read.Contains((name, $"annotation {full}")))
                        good.Add(key.Name);
                    if (found.Any(diagnostic => diagnostic.Code == DiagnosticCode.AnnotationInvalid))
                        told.Add(key.Name);
                }
            }
        }

        return (good, told);
    }
}
