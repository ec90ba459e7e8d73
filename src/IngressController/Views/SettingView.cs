namespace IngressController.Views;

/// <summary>A global setting as <c>settings</c> shows it.</summary>
internal sealed record SettingView(string Name, string Value, string Default, string Flag, string EnvironmentVariable, string AppSettingsKey, string Documentation);
