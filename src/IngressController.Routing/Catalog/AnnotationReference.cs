using System.Text;
using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;

namespace IngressController.Routing.Catalog;

/// <summary>Writes docs/annotations.md from the catalogue.</summary>
public static class AnnotationReference
{
    private const string Introduction = """
        # Annotations

        Generated from the catalogue; `ingress-controller annotations [NAME]` prints the same. To change a text, change its declaration in
        `src/IngressController.Routing/Features` and run `UPDATE_GOLDEN=1 dotnet test --filter AnnotationReferenceTests`.

        - An annotation is written `yarp.ingress.kubernetes.io/NAME` or, for Ingresses made for ingress-nginx, `nginx.ingress.kubernetes.io/NAME`; both
          mean the same. If both are set, the first takes precedence and a diagnostic reports the other. `--annotation-prefix` sets the prefixes that are
          read, and their order.
        - An empty value counts as not set.
        - An invalid value is never ignored silently: a diagnostic names the annotation, the value and the problem. Access control fails closed: the paths
          of the Ingress answer 503 until the value is fixed. Tuning falls back to its default.
        - An unknown name is reported with the nearest known one. `ingress-controller lint` reports all of this before the manifests are applied.
        - The [global settings](#global-settings) apply where an Ingress does not set an annotation.

        """;

    private const string SettingsIntroduction = """
        ## Global settings

        They apply where an Ingress does not set an annotation. Each is a key of the ConfigMap that `--configmap NAMESPACE/NAME` names, with the names and
        values of ingress-nginx, and an option of the program: `limit-req-status-code` is the flag `--limit-req-status-code`, the environment variable
        `INGRESS_LIMIT_REQ_STATUS_CODE` and `Ingress:LimitReqStatusCode` in appsettings.json. The ConfigMap takes precedence over the options. A diagnostic
        reports an invalid value in the ConfigMap; an invalid option prevents the start. `ingress-controller settings [NAME]` prints the same.

        | setting | value | default | meaning |
        |---|---|---|---|

        """;

    public static string Markdown(IReadOnlyList<AnnotationGroup> groups, IReadOnlyList<SettingKey> settings)
    {
        var text = new StringBuilder(Introduction);
        foreach (var group in groups.Where(group => group.Keys.Count > 0))
            Append(text, group);
        text.Append('\n').Append(SettingsIntroduction);
        foreach (var setting in settings)
            text.Append($"| `{setting.Name}` | {Cell(setting.FormDescription)} | {Cell(setting.Default)} | {Cell(setting.Documentation)} |\n");
        return text.ToString().ReplaceLineEndings("\n");
    }

    private static void Append(StringBuilder text, AnnotationGroup group)
    {
        text.Append($"\n## {Prose(group.Name)}\n");
        foreach (var key in group.Keys.Where(key => key.IsSupported))
            Append(text, key);
        foreach (var others in group.Keys.Where(key => !key.IsSupported).GroupBy(key => key.Support.GetType()))
        {
            text.Append($"\n{Explain(others.First().Support)}\n\n| annotation | meaning |\n|---|---|\n");
            foreach (var key in others)
                text.Append($"| {Names(key)} | {Cell(key.Documentation)} |\n");
        }
    }

    private static string Explain(AnnotationSupport support) => support switch
    {
        AnnotationSupport.NotYet => "Planned for a later version. Until then they have no effect unless noted, and a diagnostic reports them. A value that turns a feature off, such as false or off, is accepted silently.",
        AnnotationSupport.NoOp => "These tune something that this controller does not have. They are accepted silently, because removing them changes nothing.",
        AnnotationSupport.Never => "These are not supported. A diagnostic names the alternative.",
        _ => throw new ArgumentOutOfRangeException(nameof(support), support, "unknown support"),
    };

    private static void Append(StringBuilder text, AnnotationKey key)
    {
        text.Append($"\n### `{key.Name}`\n\n{Prose(key.Documentation)}\n\n");
        text.Append($"- Value: {Prose(key.FormDescription)}\n");
        text.Append($"- Default: {(key.Default is { } value ? Prose(value) : "none")}\n");
        text.Append($"- Scope: {key.ScopeText}\n");
        text.Append($"- Invalid value: {key.BadValueText}\n");
        if (key.Difference is { } difference)
            text.Append($"- Difference from ingress-nginx: {Prose(difference)}\n");
        if (key.Aliases.Count > 0)
            text.Append($"- Aliases: {string.Join(", ", key.Aliases.Select(alias => $"`{alias}`"))}\n");
    }

    private static string Names(AnnotationKey key) => string.Join(", ", key.Names.Select(name => $"`{name}`"));

    internal static string Cell(string text) => Prose(text).Replace("|", "\\|", StringComparison.Ordinal);

    /// <summary>Escapes a text for Markdown, except code between backticks.</summary>
    private static string Prose(string text)
    {
        var prose = new StringBuilder(text.Length);
        var isCode = false;
        foreach (var c in text.ReplaceLineEndings(" "))
        {
            isCode ^= c == '`';
            if (!isCode && c is ('*' or '_' or '<' or '[' or '\\'))
                prose.Append('\\');
            prose.Append(c);
        }

        return prose.ToString();
    }
}
