using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;

namespace IngressController.Routing.Features.Blocking;

/// <summary>The block lists of all routes.</summary>
public sealed record BlockSettings : FeatureSettings
{
    public BlockPolicy Policy { get; init; } = BlockPolicy.None;

    internal static IReadOnlyList<SettingKey> Keys =>
    [
        Of("block-cidrs", AddressForms.Networks, "Clients in these networks get 403 from every route.",
            (policy, value) => policy with { Cidrs = value }),
        Of("block-user-agents", Patterns,
            "Requests with one of these User-Agents get 403 from every route. A string must match the whole value, case-insensitive.",
            (policy, value) => policy with { UserAgents = value }),
        Of("block-referers", Patterns,
            "Requests with one of these Referers get 403 from every route. A string must match the whole value, case-insensitive.",
            (policy, value) => policy with { Referers = value }),
    ];

    private static ValueForm<EquatableArray<TextPattern>> Patterns =>
        ValueForms.List.Select(ReadPatterns, "a comma-separated list of strings and regular expressions (~expression, or ~*expression if case-insensitive)");

    private static SettingKey Of<T>(string name, ValueForm<T> form, string documentation, Func<BlockPolicy, T, BlockPolicy> with) =>
        SettingKey.Of(name, form, "none", documentation, (BlockSettings settings, T value) => settings with { Policy = with(settings.Policy, value) }) with
        {
            OnBadValue = OnBadValue.CloseRoute,
        };

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
