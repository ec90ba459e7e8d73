using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;

namespace IngressController.Routing.Features.Blocking;

/// <summary>Block lists: settings of the operator for all routes, which no annotation can lift.</summary>
public static class BlockingFeature
{
    private static readonly ValueForm<EquatableArray<TextPattern>> Patterns =
        ValueForms.List.Select(ReadPatterns, "a comma-separated list of texts and regular expressions: ~expression, or ~*expression without regard to case");

    internal static IReadOnlyList<SettingKey> Settings { get; } =
    [
        SettingKey.Of("block-cidrs", ForwardingSettings.Networks, "nobody", "Clients of these networks are answered 403 by every route.",
            (settings, value) => settings with { Blocked = settings.Blocked with { Cidrs = value } }) with { OnBadValue = OnBadValue.CloseRoute },
        SettingKey.Of("block-user-agents", Patterns, "nobody",
            "Requests whose User-Agent is one of these are answered 403 by every route. A text is compared as a whole and without regard to case.",
            (settings, value) => settings with { Blocked = settings.Blocked with { UserAgents = value } }) with { OnBadValue = OnBadValue.CloseRoute },
        SettingKey.Of("block-referers", Patterns, "nobody",
            "Requests whose Referer is one of these are answered 403 by every route. A text is compared as a whole and without regard to case.",
            (settings, value) => settings with { Blocked = settings.Blocked with { Referers = value } }) with { OnBadValue = OnBadValue.CloseRoute },
    ];

    public static RouteFeature Feature { get; } = new(
        "Block lists", [], context => context.Settings.Blocked == BlockPolicy.None ? [] : [context.Settings.Blocked])
    {
        Settings = Settings,
    };

    private static Parsed<EquatableArray<TextPattern>> ReadPatterns(EquatableArray<string> entries)
    {
        var patterns = new List<TextPattern>();
        foreach (var entry in entries)
        {
            if (!TextPattern.TryParse(entry, out var pattern, out var problem))
                return ValueForm<EquatableArray<TextPattern>>.Refuse($"holds {entry}, which is no regular expression: {problem}");
            patterns.Add(pattern);
        }

        return patterns.Count == 0 ? ValueForm<EquatableArray<TextPattern>>.Refuse("is an empty list") : new EquatableArray<TextPattern>([.. patterns]);
    }
}
