"""`python -m browser.vsix FILE`: pack a small extension of VS Code, as its own tool would, without it."""

from __future__ import annotations

import json
import pathlib
import sys
import zipfile

MANIFEST = {
    "publisher": "dlbox",
    "name": "hello",
    "displayName": "Hello",
    "version": "1.0.0",
    "engines": {"vscode": "^1.90.0"},
    "main": "./extension.js",
    "activationEvents": ["onStartupFinished"],
    "contributes": {"commands": [{"command": "dlbox.hello", "title": "dlbox: Say hello"}]},
}
# What it shows is told by the box: its Node's platform and the user who runs it.
CODE = """
const vscode = require('vscode');
const os = require('os');
exports.activate = (context) => {
  const item = vscode.window.createStatusBarItem(vscode.StatusBarAlignment.Left, 1000);
  item.text = `hello from ${os.userInfo().username}`;
  item.show();
  context.subscriptions.push(item);
};
"""
# The gallery's own manifest; code-server wants it to be there.
PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
<Metadata><Identity Language="en-US" Id="hello" Version="1.0.0" Publisher="dlbox"/><DisplayName>Hello</DisplayName>
<Description xml:space="preserve">Says hello</Description></Metadata>
<Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation><Dependencies/>
<Assets><Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/></Assets>
</PackageManifest>
"""
TYPES = """<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension=".json" ContentType="application/json"/><Default Extension=".js" ContentType="application/javascript"/>
<Default Extension=".vsixmanifest" ContentType="text/xml"/></Types>
"""


def pack(file: pathlib.Path) -> None:
    """Write the extension."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", TYPES)
        package.writestr("extension.vsixmanifest", PACKAGE)
        package.writestr("extension/package.json", json.dumps(MANIFEST, indent=1))
        package.writestr("extension/extension.js", CODE)


if __name__ == "__main__":
    pack(pathlib.Path(sys.argv[1]))
