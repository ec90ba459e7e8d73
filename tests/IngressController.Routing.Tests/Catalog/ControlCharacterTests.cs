using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using IngressController.Routing.Annotations;
using IngressController.Routing.Catalog;
using IngressController.Routing.Features;
using IngressController.Routing.Features.Rewriting;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;
using IngressController.Routing.Translation;
using k8s.Models;

namespace IngressController.Routing.Tests.Catalog;

/// <summary>
/// For any annotation value, no policy holds a character that ends a header line. Lists and YAML may have several lines; none of their
/// parts holds one.
/// </summary>
public sealed class ControlCharacterTests
{
    private const string Prefix = "nginx.ingress.kubernetes.io";

    private static readonly string[] Separators = ["\r\n", "\n", "\r", "\0", "\u0085", "\u2028"];

    /// <summary>Values that are valid for some annotation; the attack follows the separator.</summary>
    private static readonly string[] Starts =
    [
        "x", "true", "1", "on", "/a", "10.0.0.0/8", "https://a.example/", "basic", "a: b", "default/a", "$1", "1s", "any", "301", "auth-map", "GRPC", "fixed-window", "cluster",
        "client-ip", "GET", "a.example", "TLSv1.2", "HIGH", "{set: {A: b}}", "2", "429", "anonymous", "disable", "[GET]", "cookie", "persistent", "Lax",
        "ewma", "$host", "gzip", "text/css",
        "00:00:30", "error", "respect", "[{PathSet: /x}]", "[{Name: a, Mode: Exists}]", "200 1s", "a=1", "{set: {A: \"b", "[GET, \"P",
    ];

    private static readonly AnnotationKey[] Keys = [.. RouteFeatures.Catalog.Annotations.Groups.SelectMany(group => group.Keys)];

    /// <summary>The values above that each supported annotation accepts.</summary>
    private static readonly Lazy<Dictionary<AnnotationKey, string[]>> Accepted = new(() => Keys.Where(key => key.IsSupported).ToDictionary(
        key => key, key => Starts.Where(start => FormAccepts(key, start)).ToArray()));

    /// <summary>The values of each annotation's siblings, all different.</summary>
    private const int Rounds = 6;

    private static readonly Dictionary<string, string[]> Siblings = RouteFeatures.All
        .SelectMany(feature => feature.Keys.Select(key => (key.Name, Others: feature.Keys.Where(other => other != key && other.IsSupported))))
        .ToDictionary(entry => entry.Name, entry => entry.Others.Select(other => other.Name).ToArray());

    public static TheoryData<string> Names => [.. Keys.SelectMany(key => key.Names)];

    [Theory]
    [MemberData(nameof(Names))]
    public void No_policy_holds_a_line_break_of_an_annotation(string name)
    {
        var key = RouteFeatures.Catalog.Annotations.Find(name)!;
        var allowsLines = AllowsLines(key);
        foreach (var separator in Separators)
        {
            foreach (var value in Starts.Select(start => $"{start}{separator}X-Evil: 1").Append($"x{separator}{separator} X-Evil: 1"))
            {
                foreach (var surroundings in Surroundings(key.Name))
                {
                    var policies = Read([.. surroundings, (name, value)]);
                    Assert.All(policies.All, AssertHoldsNone);
                    var isAllowed = separator == "\u2028" || (allowsLines && separator is "\r\n" or "\n" or "\r");
                    Assert.True(isAllowed || !IsRead(policies, key.Name), $"{name} was read although it holds U+{(int)separator[0]:X4}");
                }
            }
        }
    }

    [Fact]
    public void A_line_break_anywhere_in_a_policy_is_found()
    {
        RoutePolicy bad = new ForwardedPrefixPolicy(ValueTemplate.Literal("/a\r\nX-Evil: 1"));
        Assert.Contains(Strings(bad), text => text.Contains('\n', StringComparison.Ordinal));
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => AssertHoldsNone(bad));
    }

    [Fact]
    public void Every_annotation_accepts_one_of_the_values() =>
        Assert.Empty(Accepted.Value.Where(entry => entry.Value.Length == 0).Select(entry => entry.Key.Name));

    private static void AssertHoldsNone(RoutePolicy policy)
    {
        Assert.DoesNotContain(policy.ToString(), c => c is '\r' or '\n' or '\0');
        Assert.All(Strings(policy), text => Assert.DoesNotContain(text, char.IsControl));
    }

    /// <summary>
    /// No sibling, and each sibling of the feature with each value that it accepts: many annotations have an effect only beside another.
    /// </summary>
    private static IEnumerable<(string Name, string Value)[]> Surroundings(string name)
    {
        yield return [];
        if (Siblings.GetValueOrDefault(name) is not { Length: > 0 } siblings)
            yield break;
        var values = siblings.Select(sibling => (Name: sibling, Values: Accepted.Value[RouteFeatures.Catalog.Annotations.Find(sibling)!])).Where(entry => entry.Values.Length > 0).ToArray();
        for (var i = 0; i < Rounds; i++)
            yield return [.. values.Select(entry => (entry.Name, entry.Values[i % entry.Values.Length]))];
    }

    private static bool IsRead(RoutePolicies policies, string name) => policies.Sources.Any(source => source.Setting == name);

    private static bool AllowsLines(AnnotationKey key) => (bool)Get(Get(key, "Form")!, nameof(ValueForm<>.AllowsLines))!;

    private static bool FormAccepts(AnnotationKey key, string text)
    {
        var form = Get(key, "Form")!;
        return Get(form.GetType().GetMethod(nameof(ValueForm<>.Read))!.Invoke(form, [text])!, nameof(Parsed<>.Problem)) is null;
    }

    private static object? Get(object of, string property) => of.GetType().GetProperty(property)!.GetValue(of);

    private static RoutePolicies Read((string Name, string Value)[] annotations) => new PolicyContext(
        new V1Ingress
        {
            Metadata = new V1ObjectMeta
            {
                Name = "a",
                NamespaceProperty = "default",
                Annotations = annotations.ToDictionary(annotation => $"{Prefix}/{annotation.Name}", annotation => annotation.Value),
            },
        },
        NamedObjects.Cluster, new TranslationSettings().PolicyOptions, GlobalSettings.Default, []).ReadPolicies();

    /// <summary>All texts in a value of the project's types, at any depth.</summary>
    private static IEnumerable<string> Strings(object? value) => value switch
    {
        null => [],
        string text => [text],
        char c => [c.ToString()],
        IEnumerable items => items.Cast<object?>().SelectMany(Strings),
        _ when value.GetType().IsPrimitive || value.GetType().IsEnum => [],
        _ when value.GetType().Namespace?.StartsWith("IngressController", StringComparison.Ordinal) != true && !IsPair(value.GetType()) => [$"{value}"],
        _ => value.GetType().GetProperties(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance)
            .Where(property => property.Name != "EqualityContract" && property.GetIndexParameters().Length == 0)
            .SelectMany(property => Strings(property.GetValue(value)))
            .Concat(value.GetType().GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance).Where(field => !field.IsDefined(typeof(System.Runtime.CompilerServices.CompilerGeneratedAttribute)))
                .SelectMany(field => Strings(field.GetValue(value)))),
    };

    private static bool IsPair(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>);
}
