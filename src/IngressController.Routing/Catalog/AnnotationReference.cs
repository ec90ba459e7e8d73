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

        - An annotation is written `yarp.ingress.kubernetes.io/NAME` or, for Ingresses that were made for ingress-nginx, `nginx.ingress.kubernetes.io/NAME`;
          both mean the same. Where both are set, the first counts and a diagnostic says so. `--annotation-prefix` chooses which prefixes are read, and
          their order.
        - An empty value is a value that is not set.
        - A value that cannot be understood is never passed over: a diagnostic names the annotation, the value and what is wrong with it. What tunes takes
          its default. What keeps somebody out closes the door: the paths of the Ingress answer 503 until it is mended.
        - A name that is unknown is a diagnostic with the nearest known one. `ingress-controller lint` reports all of this before a cluster sees it.
        - What an Ingress does not say, the [global settings](#global-settings) say.

        """;

    private const string SettingsIntroduction = """
        ## Global settings

        They count where an Ingress says nothing itself. Each is a key of the ConfigMap that `--configmap NAMESPACE/NAME` names, with the names and values
        of ingress-nginx, and an option of the program: `limit-req-status-code` is the flag `--limit-req-status-code`, the environment variable
        `INGRESS_LIMIT_REQ_STATUS_CODE` and `Ingress:LimitReqStatusCode` in appsettings.json. The ConfigMap goes over the options. A value of the ConfigMap
        that cannot be understood is a diagnostic; one of the options ends the start. `ingress-controller settings [NAME]` prints the same.

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
        AnnotationSupport.NotYet => "These will do something in a later version. Until then a diagnostic says that they do not.",
        AnnotationSupport.NoOp => "These tune something that does not exist here. They are accepted without a word, as leaving them out changes nothing.",
        AnnotationSupport.Never => "These will not work here. A diagnostic names what to write instead.",
        _ => throw new ArgumentOutOfRangeException(nameof(support), support, "unknown support"),
    };

    private static void Append(StringBuilder text, AnnotationKey key)
    {
        text.Append($"\n### `{key.Name}`\n\n{Prose(key.Documentation)}\n\n");
        text.Append($"- Value: {Prose(key.FormDescription)}\n");
        text.Append($"- Default: {(key.Default is { } value ? Prose(value) : "none")}\n");
        text.Append($"- Concerns: {key.ScopeText}\n");
        text.Append($"- A value that cannot be understood: {key.BadValueText}\n");
        if (key.Aliases.Count > 0)
            text.Append($"- Also written: {string.Join(", ", key.Aliases.Select(alias => $"`{alias}`"))}\n");
    }

    private static string Names(AnnotationKey key) => string.Join(", ", key.Names.Select(name => $"`{name}`"));

    private static string Cell(string text) => Prose(text).Replace("|", "\\|", StringComparison.Ordinal);

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
