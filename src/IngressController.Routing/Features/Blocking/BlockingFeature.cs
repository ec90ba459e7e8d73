using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Blocking;

/// <summary>Block lists: settings of the operator for all routes, which no annotation can lift.</summary>
public static class BlockingFeature
{
    private static readonly ValueForm<EquatableArray<TextPattern>> Patterns =
        ValueForms.List.Select(ReadPatterns, "a comma-separated list of strings and regular expressions (~expression, or ~*expression if case-insensitive)");

    public static RouteFeature Feature { get; } = new(
        "Block lists", [], context => context.Settings.Blocked == BlockPolicy.None ? [] : [context.Settings.Blocked]);

    internal static IReadOnlyList<SettingKey> Settings { get; } =
    [
        SettingKey.Of("block-cidrs", ForwardingSettings.Networks, "none", "Clients in these networks get 403 from every route.",
            (settings, value) => settings with { Blocked = settings.Blocked with { Cidrs = value } }) with { OnBadValue = OnBadValue.CloseRoute },
        SettingKey.Of("block-user-agents", Patterns, "none",
            "Requests with one of these User-Agents get 403 from every route. A string must match the whole value, case-insensitive.",
            (settings, value) => settings with { Blocked = settings.Blocked with { UserAgents = value } }) with { OnBadValue = OnBadValue.CloseRoute },
        SettingKey.Of("block-referers", Patterns, "none",
            "Requests with one of these Referers get 403 from every route. A string must match the whole value, case-insensitive.",
            (settings, value) => settings with { Blocked = settings.Blocked with { Referers = value } }) with { OnBadValue = OnBadValue.CloseRoute },
    ];

    private static Parsed<EquatableArray<TextPattern>> ReadPatterns(EquatableArray<string> entries)
    {
        var patterns = new List<TextPattern>();
        foreach (var entry in entries)
        {
            if (!TextPattern.TryParse(entry, out var pattern, out var problem))
                return ValueForm<EquatableArray<TextPattern>>.Refuse($"contains {entry}, which is not a usable regular expression: {problem}");
            patterns.Add(pattern);
        }

        return patterns.Count == 0 ? ValueForm<EquatableArray<TextPattern>>.Refuse("is an empty list") : new EquatableArray<TextPattern>([.. patterns]);
    }
}
